/** When the data for the next run is saved. */
import { asyncScheduler, auditTime, distinctUntilChanged, type Observable, type SchedulerLike } from 'rxjs';
import type { State } from '../state/state.js';
import { mayDiffer } from './kept.js';

/** A draft is saved this soon after a key: a crash costs at most a word. */
export const SAVE_AFTER_MS = 300;

/** Never later than that, even while keys or posts come without a pause. */
export const savesOf = (
  state$: Observable<State>,
  scheduler: SchedulerLike = asyncScheduler,
): Observable<State> =>
  state$.pipe(
    distinctUntilChanged((one, other) => !mayDiffer(one, other)),
    auditTime(SAVE_AFTER_MS, scheduler),
  );
