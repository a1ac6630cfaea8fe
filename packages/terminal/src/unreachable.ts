/** Ends a switch over a closed union: a case that was forgotten doesn't compile. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
