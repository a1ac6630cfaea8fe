/** Calls a function for each item, with a limit on calls at a time. */
export async function eachOf<Item>(
  items: Iterable<Item>,
  atATime: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items].reverse();
  const work = async (): Promise<void> => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await act(item);
  };
  await Promise.all(Array.from({ length: atATime }, work));
}
