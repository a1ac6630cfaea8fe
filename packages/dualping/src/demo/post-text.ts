/** Every text carries its author and a number, so that a reader can tell whether one is missing. */

const SAYINGS: readonly string[] = [
  'Pulled the cable. Nothing happened.',
  'Is it me, or was that a takeover?',
  'Coffee first, consensus later.',
  'My timeline did not blink.',
  'Somebody killed s1 again.',
  'Epochs only rise. So do I, on Mondays.',
  'Durable before acknowledged.',
  'The standby had it all along.',
  'Freezing one is scarier than killing one.',
  'Still here.',
  'Who froze the primary? ❄',
  'I typed this through a failover.',
];

const NUMBERED = /^#([1-9][0-9]*) ([A-Za-z0-9_-]+): /;

/** Numbers count up from 1. */
export function numberedText(author: string, number: number): string {
  return `#${number} ${author}: ${SAYINGS[number % SAYINGS.length] ?? ''}`;
}

/** Undefined for a text that no simulated person wrote. */
export function parseNumbered(
  text: string,
): { readonly author: string; readonly number: number } | undefined {
  const match = NUMBERED.exec(text);
  if (match === null) return undefined;
  return { author: match[2] ?? '', number: Number(match[1]) };
}
