/**
 * Random numbers from a seed: the same seed gives the same numbers, on every machine.
 *
 * Every part of a world forks a generator of its own, by name. So leaving out a part when a schedule is
 * shrunk does not change the numbers of the others. Generator: sfc32 (Chris Doty-Humphrey's small fast
 * chaotic, from PractRand).
 */
const FNV_OFFSET_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function hashOf(text: string, basis: number): number {
  let hash = basis;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return hash >>> 0;
}

/** Rounds after which the state no longer shows how it was seeded. */
const WARM_UP_ROUNDS = 15;

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  constructor(readonly seed: string) {
    this.#a = hashOf(seed, FNV_OFFSET_BASIS);
    this.#b = hashOf(seed, this.#a);
    this.#c = hashOf(seed, this.#b);
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) this.#bits();
  }

  /** A generator for a part of the world; making it does not change this one. */
  fork(name: string): Random {
    return new Random(`${this.seed}/${name}`);
  }

  /** From 0 (inclusive) to 1 (exclusive). */
  next(): number {
    return this.#bits() / 2 ** 32;
  }

  /** A whole number from 0 to `bound` − 1. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** From `least` to `most`, not rounded. */
  within(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new Error('there is nothing to pick from');
    return choices[this.below(choices.length)] as T;
  }

  shuffle<T>(values: readonly T[]): T[] {
    const shuffled = [...values];
    for (let at = shuffled.length - 1; at > 0; at -= 1) {
      const other = this.below(at + 1);
      [shuffled[at], shuffled[other]] = [shuffled[other] as T, shuffled[at] as T];
    }
    return shuffled;
  }

  /** Waiting times of things that happen independently of one another. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  #bits(): number {
    const result = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }
}

/** Always the middle of what may be: for worlds in which nothing is left to chance. */
export class Calm extends Random {
  override fork(name: string): Random {
    return new Calm(`${this.seed}/${name}`);
  }

  override next(): number {
    return 0.5;
  }
}
