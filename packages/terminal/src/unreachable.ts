/** Ends a switch over a closed union: a forgotten case doesn't compile. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
