/**
 * Finds the few largest of many numbers, with memory only for these few.
 *
 * A timeline merges up to thousands of ascending lists, but only some tens of posts are wanted. So each list
 * is read from its end, up to the first number that is too small. That costs one comparison for most lists; a
 * full merge would read every post.
 */
export class Largest {
  /** A binary heap with the smallest of the chosen at the root: the next one to be replaced. */
  readonly #heap: number[] = [];
  #rejected = false;

  constructor(readonly limit: number) {}

  /** Whether any offered number is not among the chosen. */
  get rejected(): boolean {
    return this.#rejected;
  }

  /** Returns false when the number is too small; then every smaller one is also too small. */
  offer(value: number): boolean {
    const heap = this.#heap;
    if (heap.length < this.limit) {
      heap.push(value);
      this.#rise(heap.length - 1);
      return true;
    }
    this.#rejected = true;
    const smallest = heap[0];
    if (smallest === undefined || value <= smallest) return false;
    heap[0] = value;
    this.#sink();
    return true;
  }

  ascending(): number[] {
    return [...this.#heap].sort((a, b) => a - b);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const value = heap[from] as number;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as number;
      if (above <= value) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = value;
  }

  #sink(): void {
    const heap = this.#heap;
    const value = heap[0] as number;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
      const below = heap[child] as number;
      if (below >= value) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = value;
  }
}

/** How many of an ascending list are at most `bound`: the index of the first one above it. */
export function countUpTo(ascending: readonly number[], bound: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
