/** Names missing options, for JavaScript programs, which no compiler checks. */
import { DualpingError } from '@dualping/core';

/** @throws DualpingError `invalid-argument`, naming all missing options */
export function requireOptions<Options extends object>(
  whose: string,
  options: Options | undefined,
  names: readonly (keyof Options & string)[],
): void {
  const missing = names.filter((name) => options?.[name] === undefined);
  if (missing.length === 0) return;
  const detail = `${whose} needs { ${names.join(', ')} }: ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing`;
  throw new DualpingError('invalid-argument', detail);
}
