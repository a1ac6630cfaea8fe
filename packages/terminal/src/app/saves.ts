/** When what lasts from one run to the next is written. */
import { asyncScheduler, auditTime, distinctUntilChanged, type Observable, type SchedulerLike } from 'rxjs';
import type { State } from '../state/state.js';
import { mayDiffer } from './kept.js';

/** A draft is on the disk this soon after a key: a crash costs a word at most. */
export const SAVE_AFTER_MS = 300;

/** Never later than that, also while keys or posts never pause. */
export const savesOf = (
  state$: Observable<State>,
  scheduler: SchedulerLike = asyncScheduler,
): Observable<State> =>
  state$.pipe(
    distinctUntilChanged((one, other) => !mayDiffer(one, other)),
    auditTime(SAVE_AFTER_MS, scheduler),
  );
