/** What the end of a supervised process means. */
import type { ExitKind } from '@dualping/core';
import { EXIT, SIGNAL_EXITS } from '@dualping/host';

const TOLD: ReadonlySet<number> = new Set(Object.values(SIGNAL_EXITS));

/** What an exit code means to a supervisor; `undefined` (a signal) means that it died. */
export function exitKindOf(code: number | undefined): ExitKind {
  if (code === EXIT.refused) return 'refused';
  if (code === EXIT.usage) return 'misused';
  return code !== undefined && TOLD.has(code) ? 'told' : 'died';
}
