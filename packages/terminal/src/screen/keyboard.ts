/**
 * Reads input from the terminal, and wakes the tokeniser when it waits for the rest of a sequence that may
 * never come.
 */
import { StringDecoder } from 'node:string_decoder';
import { Observable } from 'rxjs';
import type { Token } from '../input/token.js';
import { Tokeniser } from '../input/tokeniser.js';

/**
 * The tokens of an input, from the first subscriber on. Completes when the input ends, as when the terminal
 * is gone.
 */
export function tokensOf(input: NodeJS.ReadableStream): Observable<Token> {
  return new Observable<Token>((subscriber) => {
    const tokeniser = new Tokeniser();
    const decoder = new StringDecoder('utf8');
    let timer: NodeJS.Timeout | undefined;
    let look: NodeJS.Immediate | undefined;

    const stopWaiting = (): void => {
      clearTimeout(timer);
      clearImmediate(look);
    };
    const emit = (tokens: readonly Token[]): void => {
      stopWaiting();
      const deadline = tokeniser.nextDeadline();
      if (deadline !== undefined) timer = setTimeout(expire, Math.max(0, deadline - performance.now()));
      for (const token of tokens) subscriber.next(token);
    };
    // A busy process is late for its timers and for its input: so it first reads the input that has arrived.
    const expire = (): void => {
      look = setImmediate(() => emit(tokeniser.tick(performance.now())));
    };
    const read = (chunk: Buffer): void => {
      const deadline = tokeniser.nextDeadline() ?? Number.POSITIVE_INFINITY;
      emit(tokeniser.feed(Math.min(performance.now(), deadline - 1), decoder.write(chunk)));
    };
    const ended = (): void => subscriber.complete();

    input.on('data', read);
    input.on('end', ended);
    input.on('error', ended);
    input.resume();
    return () => {
      stopWaiting();
      input.off('data', read);
      input.off('end', ended);
      input.off('error', ended);
      input.pause();
    };
  });
}
