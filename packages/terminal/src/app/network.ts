/** Connects the state with the session: performs its effects and turns the session's news into events. */
import { clockDifferenceText, DualpingError, type DualpingSession } from '@dualping/client';
import {
  concat,
  EMPTY,
  exhaustMap,
  filter,
  map,
  merge,
  type Observable,
  of,
  Subject,
  switchMap,
  timer,
} from 'rxjs';
import type { Effect, Event } from '../state/events.js';
import { gathered } from './gathered.js';

/** Posts that come within a frame are one event. */
const GATHER_MS = 25;
/**
 * How often the list of people is asked for: presence changes all the time, but a list costs more with more
 * people.
 */
const PEOPLE_EVERY_MS = 3_000;
const MANY_PEOPLE = 1_000;
const MANY_PEOPLE_EVERY_MS = 30_000;

export class Network {
  readonly #wanted = new Subject<void>();
  #people = 0;
  readonly events$: Observable<Event>;

  constructor(readonly session: DualpingSession) {
    this.events$ = merge(
      this.#people$(), // first, so that it sees the session become live and asks for a list at once
      session.state$.pipe(map((state): Event => ({ kind: 'session', session: state }))),
      session.clocks$.pipe(map((clocks): Event => ({ kind: 'problem', text: clockDifferenceText(clocks) }))),
      session.moves$.pipe(map((move): Event => ({ kind: 'moved', move }))),
      session.posts$.pipe(
        gathered(GATHER_MS),
        map((posts): Event => ({ kind: 'posts', posts })),
      ),
    );
  }

  /** @returns the outcome; undefined when the effect is not for the session */
  perform(effect: Effect): Promise<Event | undefined> | undefined {
    const { session } = this;
    switch (effect.kind) {
      case 'post': {
        const { id } = effect;
        return session.post(effect.text, effect.answers).then(
          ({ position }) => ({ kind: 'posted', id, position }),
          (error: unknown) => ({ kind: 'post-failed', id, ...failureOf(error) }),
        );
      }
      case 'follow':
        return said(session.follow(effect.name), `you follow ${effect.name}`);
      case 'unfollow':
        return said(session.unfollow(effect.name), `you no longer follow ${effect.name}`);
      case 'older':
        return session.older(effect.before, effect.limit).then(
          (page) => ({ kind: 'page', page }),
          (error: unknown) => ({ kind: 'page-failed', detail: failureOf(error).detail }),
        );
      case 'answered': {
        const { of: at } = effect;
        return session.answered(at).then(
          (post) => ({ kind: 'answered', of: at, post }),
          (error: unknown) => ({ kind: 'answered-failed', of: at, detail: failureOf(error).detail }),
        );
      }
      case 'list':
        this.#wanted.next();
        return undefined;
      case 'retry-now':
        session.retryNow();
        return undefined;
      default:
        return undefined;
    }
  }

  /**
   * Asks for the list at once on request, else from time to time while the session is live. One call at a
   * time.
   */
  #people$(): Observable<Event> {
    const { session } = this;
    const ticks$ = session.state$.pipe(
      switchMap(({ kind }) => (kind === 'live' ? this.#againAndAgain() : EMPTY)),
    );
    return merge(this.#wanted, ticks$).pipe(
      exhaustMap(async (): Promise<Event | undefined> => {
        try {
          const lists = await session.list();
          this.#people = lists.users.length;
          return { kind: 'people', lists };
        } catch (error) {
          // While there is no server the header says so; the last list stays on the screen.
          return error instanceof DualpingError && error.reason === 'limit-reached'
            ? { kind: 'problem', text: `the list of people: ${error.detail}` }
            : undefined;
        }
      }),
      filter((event) => event !== undefined),
    );
  }

  #againAndAgain(): Observable<unknown> {
    return timer(this.#people > MANY_PEOPLE ? MANY_PEOPLE_EVERY_MS : PEOPLE_EVERY_MS).pipe(
      switchMap(() => concat(of(undefined), this.#againAndAgain())),
    );
  }
}

function failureOf(error: unknown): { readonly reason: string; readonly detail: string } {
  if (!(error instanceof DualpingError)) throw error;
  return { reason: error.reason, detail: error.detail };
}

const said = (done: Promise<unknown>, text: string): Promise<Event> =>
  done.then(
    () => ({ kind: 'said', text }),
    (error: unknown) => ({ kind: 'problem', text: failureOf(error).detail }),
  );
