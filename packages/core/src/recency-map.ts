/**
 * A map ordered by when its keys were last touched, the least recent first.
 *
 * A plain `Map` from which a key is deleted and set again has the same order. But it keeps the places of
 * deleted keys until it grows, and reading its first key steps over all of them: with 10,000 members that was
 * two thirds of a router's work for a ping. Here every operation takes the same time, however many keys there
 * are.
 */
interface Node<Key, Value> {
  readonly key: Key;
  readonly value: Value;
  before: Node<Key, Value> | undefined;
  after: Node<Key, Value> | undefined;
}

export class RecencyMap<Key, Value> implements Iterable<readonly [Key, Value]> {
  readonly #nodes = new Map<Key, Node<Key, Value>>();
  #first: Node<Key, Value> | undefined;
  #last: Node<Key, Value> | undefined;
  /** The node that was found last: a key is often looked up before it is touched. */
  #found: Node<Key, Value> | undefined;

  get size(): number {
    return this.#nodes.size;
  }

  get(key: Key): Value | undefined {
    return this.#find(key)?.value;
  }

  /** The value of the least recently touched key. */
  get first(): Value | undefined {
    return this.#first?.value;
  }

  /** The value of the most recently touched key. */
  get last(): Value | undefined {
    return this.#last?.value;
  }

  /** Moves a present key to the end, and returns its value. */
  touch(key: Key): Value | undefined {
    const node = this.#find(key);
    if (node === undefined) return undefined;
    this.#unlink(node);
    this.#append(node);
    return node.value;
  }

  /** Puts a key with this value at the end; an older value is replaced. */
  add(key: Key, value: Value): void {
    this.delete(key);
    const node: Node<Key, Value> = { key, value, before: undefined, after: undefined };
    this.#nodes.set(key, node);
    this.#append(node);
  }

  delete(key: Key): boolean {
    const node = this.#nodes.get(key);
    if (node === undefined) return false;
    this.#nodes.delete(key);
    this.#unlink(node);
    this.#found = undefined;
    return true;
  }

  /** Deletes the least recently touched key. */
  deleteFirst(): void {
    if (this.#first !== undefined) this.delete(this.#first.key);
  }

  /**
   * Begins with the least recently touched key. During the iteration only the key just returned may be
   * deleted, and none may be touched.
   */
  *[Symbol.iterator](): Iterator<readonly [Key, Value]> {
    for (let node = this.#first; node !== undefined; node = node.after) yield [node.key, node.value];
  }

  #find(key: Key): Node<Key, Value> | undefined {
    if (this.#found?.key !== key) this.#found = this.#nodes.get(key);
    return this.#found;
  }

  #append(node: Node<Key, Value>): void {
    node.before = this.#last;
    node.after = undefined;
    if (this.#last === undefined) this.#first = node;
    else this.#last.after = node;
    this.#last = node;
  }

  #unlink({ before, after }: Node<Key, Value>): void {
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
  }
}
