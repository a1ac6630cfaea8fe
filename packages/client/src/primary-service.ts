/**
 * Services that answer only while a member is primary. Every call is checked when it arrives, and open
 * streams end when the member stops being primary. Only handlers are wrapped, so this works with any copy of
 * grpc-js.
 */
import { DualpingError, type Epoch, type MemberState, primaryMember, serverName } from '@dualping/core';
import { toServiceError } from '@dualping/protocol';

/** The part of grpc-js's `Server` that is needed here. */
export interface ServiceHost<Service, Implementation> {
  /** As in grpc-js. */
  addService(service: Service, implementation: Implementation): void;
}

/** Whether a member may serve now. */
export interface Primacy {
  readonly isPrimary: boolean;
  readonly state: MemberState;
}

interface Method {
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** The other name that an implementation may use. */
  readonly originalName?: string;
}

/** The parts of a handler's call object that are needed to end a stream. */
interface ServerCall {
  emit(event: string, ...values: unknown[]): boolean;
  once(event: string, listener: () => void): unknown;
  resume?(): unknown;
  write?(...values: unknown[]): boolean;
  end?(...values: unknown[]): unknown;
}

type Respond = (error: unknown, ...answer: unknown[]) => void;
type Handler = (call: ServerCall, respond: Respond) => void;

interface OpenStream {
  readonly epoch: Epoch | undefined;
  end(): void;
}

export class PrimaryServices {
  readonly #member: Primacy;
  readonly #name: string;
  readonly #open = new Set<OpenStream>();

  /** @param name the member's name in messages */
  constructor(member: Primacy, name: string) {
    this.#member = member;
    this.#name = name;
  }

  /** The same implementation, for `addService` with the same definition. */
  guarded(service: object, implementation: object): object {
    const given = implementation as Record<string, Handler | undefined>;
    const guarded: Record<string, Handler> = {};
    for (const [name, method] of Object.entries(service as Record<string, Method>)) {
      const handler =
        given[name] ?? (method.originalName === undefined ? undefined : given[method.originalName]);
      if (handler !== undefined) guarded[name] = this.#guard(method, handler.bind(implementation));
    }
    return guarded;
  }

  /** Ends the streams that were opened in an earlier epoch, or all when the member is not primary. */
  endOutdated(): void {
    const epoch = this.#member.isPrimary ? this.#epoch : undefined;
    for (const stream of this.#open) if (epoch === undefined || stream.epoch !== epoch) stream.end();
  }

  get #epoch(): Epoch | undefined {
    const { state } = this.#member;
    return state.kind === 'attached' ? state.epoch : undefined;
  }

  #guard({ requestStream, responseStream }: Method, handler: Handler): Handler {
    const isStream = requestStream || responseStream;
    return (call, respond) => {
      if (this.#member.isPrimary) {
        if (isStream) this.#follow(call, respond, handler, responseStream);
        else handler(call, respond);
      } else if (responseStream) endStream(call, this.#refusal());
      else respond(this.#refusal());
    };
  }

  #follow(call: ServerCall, respond: Respond, handler: Handler, responseStream: boolean): void {
    let isOver = false;
    const stream: OpenStream = {
      epoch: this.#epoch,
      end: () => {
        if (isOver) return;
        over();
        if (responseStream) endStream(call, this.#refusal());
        else respond(this.#refusal());
      },
    };
    const over = (): void => {
      isOver = true;
      this.#open.delete(stream);
    };
    this.#open.add(stream);
    for (const event of ['cancelled', 'close']) call.once(event, over);
    handler(call, (...answer) => {
      if (isOver) return; // it was answered, or its client is gone
      over();
      respond(...answer);
    });
  }

  #refusal(): unknown {
    return toServiceError(new DualpingError('not-primary', `${this.#name} ${this.#whyNot()}`));
  }

  #whyNot(): string {
    const { state } = this.#member;
    if (state.kind !== 'attached') return 'is not a member now, so it is not primary';
    const primary = state.assignment.available ? primaryMember(state.assignment) : undefined;
    if (primary === undefined) return 'is not primary, and no member is';
    const other = serverName(primary.serverId);
    if (other === this.#name) return 'has not heard the router recently, so it is not primary now';
    return `is not primary: ${other} is, in epoch ${state.epoch}`;
  }
}

/**
 * grpc-js takes the status of a stream from an emitted `error`; it is sent after queued messages, and then
 * the handler gets `cancelled`, as at the end of any call. Later writes of the handler are dropped: they
 * would raise another error, and hide this one.
 */
function endStream(call: ServerCall, error: unknown): void {
  call.emit('error', error);
  call.write = () => false;
  call.end = () => call;
  call.resume?.(); // a paused stream would never see its end
}
