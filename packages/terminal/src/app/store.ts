/**
 * The state over time: everything that happens goes through one pure step in the order in which it happens.
 */
import { BehaviorSubject, type Observable, Subject } from 'rxjs';
import type { Clock } from '../state/state.js';

export type StepOf<State, Event, Effect> = (
  before: State,
  clock: Clock,
  event: Event,
) => { readonly state: State; readonly effects: readonly Effect[] };

export class Store<State, Event, Effect> {
  readonly #states: BehaviorSubject<State>;
  readonly #effects = new Subject<Effect>();
  readonly #waiting: Event[] = [];
  readonly #clock: () => Clock;
  readonly #step: StepOf<State, Event, Effect>;
  #stepping = false;
  readonly state$: Observable<State>;
  readonly effects$: Observable<Effect>;

  constructor(state: State, clock: () => Clock, step: StepOf<State, Event, Effect>) {
    this.#states = new BehaviorSubject(state);
    this.#step = step;
    this.#clock = clock;
    this.state$ = this.#states.asObservable();
    this.effects$ = this.#effects.asObservable();
  }

  get state(): State {
    return this.#states.value;
  }

  /**
   * An event that an effect causes at once waits until the state that asked for the effect has been
   * published.
   */
  readonly dispatch = (event: Event): void => {
    this.#waiting.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        const { state, effects } = this.#step(this.state, this.#clock(), next);
        if (state !== this.state) this.#states.next(state);
        for (const effect of effects) this.#effects.next(effect);
      }
    } finally {
      this.#stepping = false;
    }
  };
}
