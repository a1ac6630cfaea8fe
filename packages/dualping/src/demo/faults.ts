/** The faults of a primary, and their names on the command line. */
import { DualpingError, quote } from '@dualping/core';

/** `router`: the router is killed, and the primary with it. Of the router alone nobody has to take over. */
export const FAULTS = ['kill', 'freeze', 'cut', 'handover', 'router'] as const;
export type Fault = (typeof FAULTS)[number];

/** The past tense, for people. */
export const DONE: Readonly<Record<Fault | 'unknown', string>> = {
  kill: 'killed',
  freeze: 'frozen',
  cut: 'cut off',
  handover: 'asked to hand over',
  router: 'killed together with the router',
  unknown: 'lost',
};

const isFault = (text: string): text is Fault => FAULTS.some((fault) => fault === text);

/** Parses `kill,freeze,cut`. @throws DualpingError `invalid-argument` that quotes an unknown fault */
export function parseFaults(text: string): readonly Fault[] {
  const faults = text.split(',').map((part) => part.trim());
  return faults.map((fault) => {
    if (isFault(fault)) return fault;
    throw new DualpingError(
      'invalid-argument',
      `${quote(fault)} is no fault: give some of ${FAULTS.join(', ')}`,
    );
  });
}
