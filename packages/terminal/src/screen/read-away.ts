/** Reads input from a terminal and drops it. */

/** Resolves when the text `sign` has come `count` times, or after `withinMs`. */
export function readAway(
  input: NodeJS.ReadableStream,
  { sign, count, withinMs }: { readonly sign: string; readonly count: number; readonly withinMs: number },
): Promise<void> {
  return new Promise((resolve) => {
    let due = count;
    let rest = '';
    const done = (): void => {
      clearTimeout(timer);
      input.off('data', read);
      input.off('end', done);
      input.off('error', done);
      resolve();
    };
    const read = (chunk: Buffer): void => {
      const parts = (rest + chunk.toString('latin1')).split(sign);
      due -= parts.length - 1;
      rest = (parts.at(-1) ?? '').slice(1 - sign.length);
      if (due <= 0) done();
    };
    const timer = setTimeout(done, withinMs);
    input.on('data', read);
    input.on('end', done);
    input.on('error', done);
    input.resume();
  });
}
