/** What an operator needs to know: one line for each event that matters, to stderr. */
import { cleanDetail, type WallTimeMs } from '@dualping/core';

export interface OperatorEvent {
  /** Wall clock of the process; the time of printing when absent. */
  readonly timeMs?: WallTimeMs;
  /** The part that reports it: `router`, `server s1`. */
  readonly part: string;
  /** One word for machines to look for: `promoted`, `dropped`. */
  readonly event: string;
  /** For people: what happened, to which part, why, with numbers. */
  readonly text: string;
}

export type Report = (event: OperatorEvent) => void;

/** For programs that collect logs: `{"time":"2026-…Z","part":"router","event":"promoted","text":"…"}` */
export const operatorEventToJson = (
  { timeMs, part, event, text }: OperatorEvent,
  nowMs: WallTimeMs,
): string =>
  JSON.stringify({ time: new Date(timeMs ?? nowMs).toISOString(), part, event, text: cleanDetail(text) });

/** `2026-11-21T08:28:23.120Z router promoted: s2 of cluster 1, epoch 4, after 12 ms` */
export const formatOperatorEvent = (event: OperatorEvent, nowMs: WallTimeMs): string =>
  `${new Date(event.timeMs ?? nowMs).toISOString()} ${event.part} ${event.event}: ${cleanDetail(event.text)}`;
