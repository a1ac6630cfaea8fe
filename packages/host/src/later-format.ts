/** Names a file that a later release wrote: it is whole, and must not be taken for damaged. */
import { DualpingError, VERSION } from '@dualping/core';

/**
 * @param reads the lowest and the highest format that this program reads
 * @param advice what else an operator can do, as a sentence; empty: nothing
 */
export function laterFormat(
  file: string,
  format: number,
  reads: readonly [lowest: number, highest: number],
  advice = '',
): DualpingError {
  const [lowest, highest] = reads;
  const range = lowest === highest ? `format ${lowest}` : `formats ${lowest} to ${highest}`;
  const detail = `${file} is of format ${format}, from a later release: dualping ${VERSION} reads ${range}. Start the later release again${advice === '' ? '' : `. ${advice}`}`;
  return new DualpingError('invalid-argument', detail);
}

export const isLaterFormat = (format: unknown, highest: number): format is number =>
  typeof format === 'number' && Number.isSafeInteger(format) && format > highest;
