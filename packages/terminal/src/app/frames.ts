/** Limits how often the screen is drawn. */
import { asyncScheduler, distinctUntilChanged, type Observable, throttleTime } from 'rxjs';

/** 30 frames a second. */
export const FRAME_MS = 33;

/** The first change at once, so that a key is answered without delay; then the newest state once a frame. */
export const framesOf = <State>(state$: Observable<State>): Observable<State> =>
  state$.pipe(
    distinctUntilChanged(),
    throttleTime(FRAME_MS, asyncScheduler, { leading: true, trailing: true }),
  );
