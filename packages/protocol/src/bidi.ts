/**
 * A bidirectional stream with one end.
 *
 * grpc-js announces the end of a stream in several events, and different causes give different events: when a
 * client is killed, the server's stream emits `end`, `cancelled` and `close` but never `error`; a client's
 * stream that the server refuses emits `error`, then `status` and `end`. Here `onEnd` is called once,
 * whatever the cause, and nothing comes after it.
 */
import { DualpingError } from '@dualping/core';
import type { ClientDuplexStream, ServerDuplexStream } from '@grpc/grpc-js';
import { fromServiceError, toDualpingError, toServiceError } from './status.js';

/** How a stream came to its end. */
export type StreamEnd =
  /** We closed it. */
  | { readonly kind: 'closed' }
  /** The peer closed it in order (a server with status OK; a client that stopped sending or died). */
  | { readonly kind: 'ended' }
  /** The peer refused or cancelled, or the link broke. */
  | { readonly kind: 'broken'; readonly error: DualpingError | undefined };

export interface StreamListener<In> {
  onMessage(message: In): void;
  /** Exactly once; no message follows. */
  onEnd(end: StreamEnd): void;
  /** After `send` has returned false: there is room again. */
  onDrain?(): void;
}

export interface BidiStream<Out> {
  /**
   * False when the peer reads more slowly than we write, or when the stream has ended and the message is
   * dropped.
   *
   * @param written called in a later turn, when flow control has let the message out to the peer; not called
   * if the stream ends before
   */
  send(message: Out, written?: () => void): boolean;
  /** Messages that wait to be written. */
  readonly writableLength: number;
  readonly ended: boolean;
  /** Stops reading, so that flow control slows the sender. */
  pause(): void;
  resume(): void;
  /**
   * Ends the stream in order, after all sent messages. A server can give an error, which becomes the status.
   */
  close(error?: DualpingError): void;
  /** Ends the stream at once; messages that were not written are lost. */
  abort(): void;
}

interface RawStream<In, Out> {
  write(message: Out, written?: (error?: Error | null) => void): boolean;
  readonly writableLength: number;
  pause(): unknown;
  resume(): unknown;
  end(): unknown;
  on(event: 'data', listener: (message: In) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end' | 'close' | 'cancelled' | 'drain', listener: () => void): unknown;
}

abstract class Stream<In, Out> implements BidiStream<Out> {
  #ended = false;
  readonly #listener: StreamListener<In>;

  constructor(
    protected readonly raw: RawStream<In, Out>,
    listener: StreamListener<In>,
  ) {
    this.#listener = listener;
    raw.on('data', (message) => {
      if (!this.#ended) listener.onMessage(message);
    });
    raw.on('drain', () => {
      if (!this.#ended) listener.onDrain?.();
    });
    // 'close' without any other event happens when the connection goes away under a stream.
    raw.on('close', () => this.finish({ kind: 'broken', error: undefined }));
  }

  protected finish(end: StreamEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener.onEnd(end);
  }

  get ended(): boolean {
    return this.#ended;
  }

  get writableLength(): number {
    return this.raw.writableLength;
  }

  send(message: Out, written?: () => void): boolean {
    if (this.#ended) return false;
    if (written === undefined) return this.raw.write(message);
    return this.raw.write(message, (error) => {
      if (!this.#ended && (error === undefined || error === null)) written();
    });
  }

  pause(): void {
    this.raw.pause();
  }

  resume(): void {
    this.raw.resume();
  }

  abstract close(error?: DualpingError): void;
  abstract abort(): void;
}

/**
 * How long a stream may be silent after it was opened, ms. No other limit applies before its first message.
 */
export const FIRST_MESSAGE_TIMEOUT_MS = 10_000;

class ServerStream<In, Out> extends Stream<In, Out> {
  readonly #call: ServerDuplexStream<In, Out>;

  constructor(call: ServerDuplexStream<In, Out>, listener: StreamListener<In>, firstMessageMs?: number) {
    super(call, listener);
    this.#call = call;
    if (firstMessageMs !== undefined) this.#expectMessage(firstMessageMs);
    call.on('cancelled', () => this.finish({ kind: 'broken', error: undefined }));
    call.on('error', (error: Error) => this.finish({ kind: 'broken', error: toDualpingError(error) }));
    call.on('end', () => {
      this.finish({ kind: 'ended' });
      call.end(); // a peer that has stopped sending counts as gone: there are no half-open streams
    });
  }

  #expectMessage(withinMs: number): void {
    const detail = `nothing was said on this stream for ${withinMs} ms`;
    const silence = setTimeout(() => this.close(new DualpingError('invalid-argument', detail)), withinMs);
    for (const event of ['data', 'close'] as const) this.#call.once(event, () => clearTimeout(silence));
  }

  override close(error?: DualpingError): void {
    if (this.ended) return;
    this.finish({ kind: 'closed' });
    // grpc-js takes a status for a stream as an 'error' event that the handler emits.
    if (error === undefined) this.#call.end();
    else this.#call.emit('error', toServiceError(error));
    this.raw.resume(); // a paused stream would never see its end
  }

  /**
   * A server can't cancel: the status follows the queued messages, and a frozen peer does not read it.
   */
  override abort(): void {
    this.close();
  }
}

class ClientStream<In, Out> extends Stream<In, Out> {
  readonly #call: ClientDuplexStream<Out, In>;

  constructor(call: ClientDuplexStream<Out, In>, listener: StreamListener<In>, peer: 'router' | 'server') {
    super(call, listener);
    this.#call = call;
    call.on('error', (error: Error) => {
      // Unanswered requests on it are sent again with their numbers, so the end of the stream itself leaves
      // nothing uncertain (`sent: false`).
      this.finish({ kind: 'broken', error: fromServiceError(error, { sent: false, peer }) });
    });
    call.on('end', () => {
      this.finish({ kind: 'ended' });
      call.end();
    });
  }

  override close(): void {
    if (this.ended) return;
    this.finish({ kind: 'closed' });
    this.#call.end();
    this.raw.resume();
  }

  override abort(): void {
    if (this.ended) return;
    this.finish({ kind: 'closed' });
    this.#call.cancel();
    this.raw.resume();
  }
}

/**
 * Wraps the call that a service handler gets. Call it before anything else, or early messages wait in memory.
 *
 * @param firstMessageMs closes the stream when no message came for this long after it was opened; undefined:
 * it may be silent
 */
export const serverStream = <In, Out>(
  call: ServerDuplexStream<In, Out>,
  listener: StreamListener<In>,
  firstMessageMs?: number,
): BidiStream<Out> => new ServerStream(call, listener, firstMessageMs);

/** Wraps the call that a client's method returns. */
export const clientStream = <In, Out>(
  call: ClientDuplexStream<Out, In>,
  listener: StreamListener<In>,
  peer: 'router' | 'server',
): BidiStream<Out> => new ClientStream(call, listener, peer);
