/**
 * Parsers of settings. Each refusal says what would be right; the caller quotes the given text.
 */
import {
  type Address,
  DualpingError,
  MAX_ROUTERS,
  type ServiceName,
  serviceNameProblem,
  userNameProblem,
} from '@dualping/core';
import { ClassicSources, formatAddress, parseAddress, parseListenAddress } from '@dualping/protocol';

function refuse(text: string): never {
  throw new DualpingError('invalid-argument', text);
}

export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    // Number('') is 0 and Number('1e3') is 1000: only plain digits are accepted.
    if (!/^[0-9]+$/.test(text) || value < least || value > most)
      refuse(`give a whole number from ${least} to ${most}`);
    return value;
  };

export const port = wholeNumber(0, 65_535);

const HOUR_MS = 3_600_000;

export const milliseconds = (least: number): ((text: string) => number) => wholeNumber(least, HOUR_MS);

const TRUE = ['1', 'true', 'yes', 'on'];
const FALSE = ['0', 'false', 'no', 'off'];

export function switchValue(text: string): boolean {
  if (TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  return refuse('give true or false');
}

/** Where a process may speak without TLS. */
export type Insecure = 'no' | 'loopback' | 'beyond-loopback';

/** The value that is needed to listen without TLS where other machines can connect. */
export const BEYOND_LOOPBACK = 'beyond-loopback';

export function insecure(value: string): Insecure {
  if (value === BEYOND_LOOPBACK) return value;
  if (TRUE.includes(value) || value === 'loopback') return 'loopback';
  if (FALSE.includes(value) || value === 'no') return 'no';
  return refuse(`give it without a value, for this machine alone, or ${BEYOND_LOOPBACK}`);
}

export function text(value: string): string {
  if (value.trim() === '') refuse('it is empty');
  return value;
}

/** A host to listen at: a name or an address, without a port. */
export function host(value: string): string {
  try {
    return parseAddress(value.includes(':') ? `[${value}]:1` : `${value}:1`).host;
  } catch {
    return refuse('give a host name or an IP address, without a port');
  }
}

export const listenAddress = (value: string): Address => formatAddress(parseListenAddress(value));

export const address = (value: string): Address => formatAddress(parseAddress(value));

export function addresses(value: string): readonly Address[] {
  const parts = value.split(',').map((part) => part.trim());
  if (parts.length > MAX_ROUTERS) refuse(`give at most ${MAX_ROUTERS} addresses`);
  return parts.map(address);
}

export function networks(value: string): readonly string[] {
  const parts = value.split(',').map((part) => part.trim());
  ClassicSources.parse(parts);
  return parts;
}

export function userName(value: string): string {
  const problem = userNameProblem(value);
  if (problem !== undefined) throw new DualpingError('invalid-user-name', problem);
  return value;
}

export function serviceName(value: string): ServiceName {
  const problem = serviceNameProblem(value);
  return problem === undefined ? value : refuse(problem);
}

export const oneOf =
  <Word extends string>(words: readonly Word[]) =>
  (value: string): Word =>
    words.find((word) => word === value) ?? refuse(`give one of ${words.join(', ')}`);
