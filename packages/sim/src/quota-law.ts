/**
 * What the limits of users promise, computed independently: from the admitted and the refused requests,
 * without buckets.
 *
 * In no period a user gets more than the burst plus the rate; the cluster never has more names than allowed;
 * and no request is refused that keeps to all limits.
 */
import { type Command, ENTRY_BYTES, type UserLimits, type UserQuotas, utf8Length } from '@dualping/core';

/** A request of a user, some time after the one before. */
export interface Ask {
  readonly afterMs: number;
  readonly command: Command;
}

/** Admitted requests of one user under one limit. */
interface Passed {
  readonly at: number;
  readonly amount: number;
}

interface Rate {
  readonly name: string;
  readonly amount: number;
  readonly burst: number;
  readonly perMs: number;
}

/** Sums of fractions differ by less than that. */
const ROUNDING = 1e-6;

function ratesOf(command: Command, limits: UserLimits): readonly Rate[] {
  const { postsPerSecond, postBurst, bytesPerDay, loginsPerMinute } = limits;
  if (command.kind === 'register')
    return [{ name: 'logins', amount: 1, burst: loginsPerMinute, perMs: loginsPerMinute / 60_000 }];
  const bytes = ENTRY_BYTES + (command.kind === 'post' ? utf8Length(command.text) : 0);
  return [
    { name: 'posts', amount: 1, burst: postBurst, perMs: postsPerSecond / 1_000 },
    { name: 'bytes', amount: bytes, burst: bytesPerDay, perMs: bytesPerDay / 86_400_000 },
  ];
}

/** Whether one more now would keep to a rate, in each period that ends now. */
function keepsTo({ amount, burst, perMs }: Rate, passed: readonly Passed[], now: number): boolean {
  let sum = amount;
  if (sum > burst + ROUNDING) return false;
  for (const each of [...passed].reverse()) {
    sum += each.amount;
    if (sum > burst + (now - each.at) * perMs + ROUNDING) return false;
  }
  return true;
}

/** @returns what was wrong with an answer; undefined: nothing */
export function breachOf(quotas: UserQuotas, limits: UserLimits, asks: readonly Ask[]): string | undefined {
  const passed = new Map<string, Passed[]>();
  const names = new Set<string>();
  const social = {
    has: (user: string) => names.has(user),
    get userCount() {
      return names.size;
    },
  };
  let now = 0;
  for (const { afterMs, command } of asks) {
    now += afterMs;
    const { user } = command;
    const refusal = quotas.refusalOf(command, now, social);
    const logOf = ({ name }: Rate): Passed[] => passed.get(`${name} of ${user}`) ?? [];
    const rates = ratesOf(command, limits);
    const broken = rates.filter((rate) => !keepsTo(rate, logOf(rate), now)).map(({ name }) => name);
    if (command.kind === 'register' && !names.has(user) && names.size >= limits.maxUsers)
      broken.push('users');
    const isRefused = refusal !== undefined;
    if (isRefused !== broken.length > 0)
      return `at ${now} ms ${command.kind} of ${user} was ${isRefused ? 'refused' : 'let through'}, against ${broken.join() || 'nothing'}`;
    if (isRefused) continue;
    if (command.kind === 'register') names.add(user);
    for (const rate of rates)
      passed.set(`${rate.name} of ${user}`, [...logOf(rate), { at: now, amount: rate.amount }]);
  }
  return undefined;
}
