/** Reads what comes from the terminal, and wakes the tokeniser when it waits for the rest of a sequence that may never come. */
import { Observable } from 'rxjs';
import type { Token } from '../input/token.js';
import { Tokeniser } from './stand-in-tokeniser.js';

/** The tokens of an input, from the first subscriber on; completes when the input ends, which a terminal does when it is gone. */
export function tokensOf(input: NodeJS.ReadableStream): Observable<Token> {
  return new Observable<Token>((subscriber) => {
    const tokeniser = new Tokeniser();
    let timer: NodeJS.Timeout | undefined;

    const emit = (tokens: readonly Token[]): void => {
      for (const token of tokens) subscriber.next(token);
      wait();
    };
    const wait = (): void => {
      clearTimeout(timer);
      const deadline = tokeniser.nextDeadline();
      timer =
        deadline === undefined
          ? undefined
          : setTimeout(
              () => emit(tokeniser.tick(performance.now())),
              Math.max(0, deadline - performance.now()),
            );
    };
    const read = (chunk: Buffer): void => emit(tokeniser.feed(performance.now(), chunk));
    const ended = (): void => subscriber.complete();

    input.on('data', read);
    input.on('end', ended);
    input.on('error', ended);
    input.resume();
    return () => {
      clearTimeout(timer);
      input.off('data', read);
      input.off('end', ended);
      input.pause();
    };
  });
}
