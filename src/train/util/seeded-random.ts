import { FerError } from '../../errors/fer-error.js';

/**
 * MurmurHash3, the 32-bit variant for x86 (Austin Appleby, public domain), over the UTF-8 bytes of `text`.
 * For one text, different seeds give different hashes.
 */
export function murmur3(text: string, seed: number): number {
  const bytes = new TextEncoder().encode(text);
  const wholeWords = bytes.length >>> 2;
  let hash = seed | 0;
  for (let word = 0; word < wholeWords; word += 1) {
    hash ^= scramble(littleEndian(bytes, word * 4, 4));
    hash = (Math.imul(rotateLeft(hash, 13), 5) + 0xe6546b64) | 0;
  }
  hash ^= scramble(littleEndian(bytes, wholeWords * 4, bytes.length & 3));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  return Math.imul(rotateLeft(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
}

function littleEndian(bytes: Uint8Array, start: number, count: number): number {
  let word = 0;
  for (let i = 0; i < count; i += 1) word |= bytes[start + i]! << (8 * i);
  return word;
}

/** Four unsigned 32-bit words. */
export type Words = readonly [number, number, number, number];

/** All of a generator, as plain JSON: enough to continue with the next draw and to fork as before. */
export interface SeededRandomState {
  /** Identity of this generator: constant, the base of its forks. */
  readonly key: Words;
  /** Its state: changes with every draw. */
  readonly words: Words;
}

/** Any four different words do; these are the first hexadecimal digits of pi. */
const ROOT_KEY: Words = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];

/**
 * A reproducible stream of random numbers, the same on every platform: xoshiro128** 1.1 (Blackman and Vigna,
 * "Scrambled linear pseudorandom number generators", 2021; https://prng.di.unimi.it).
 *
 * `fork(label)` gives an independent stream that depends on the seed and the labels on the way to it, and not on
 * how much was drawn before: one more draw in one part of a program leaves all other parts as they were.
 */
export class SeededRandom {
  private readonly key: Words;
  private readonly words: Uint32Array;

  /**
   * @param origin a seed, or what `state()` gave.
   * @throws FerError CONFIG_INVALID for a seed that is not a safe integer, or a state that is none.
   */
  constructor(origin: number | SeededRandomState) {
    if (typeof origin === 'number') {
      if (!Number.isSafeInteger(origin))
        throw new FerError('CONFIG_INVALID', `seed ${origin} is not a whole number; give one such as 1`);
      this.key = derive(ROOT_KEY, String(origin));
      this.words = Uint32Array.from(this.key);
    } else {
      if (!isWords(origin.key) || !isWords(origin.words) || origin.words.every((word) => word === 0)) {
        throw new FerError(
          'CONFIG_INVALID',
          'saved random state is damaged: it needs key and words, four unsigned 32-bit integers each, words not all 0',
        );
      }
      this.key = [...origin.key];
      this.words = Uint32Array.from(origin.words);
    }
  }

  /** The generator that `state()` described. @throws FerError CONFIG_INVALID when it is not such a description. */
  static restore(state: SeededRandomState): SeededRandom {
    return new SeededRandom(state);
  }

  state(): SeededRandomState {
    return { key: [...this.key], words: [this.words[0]!, this.words[1]!, this.words[2]!, this.words[3]!] };
  }

  /** The stream of that name; asking twice for the same name gives the same stream from its beginning. */
  fork(label: string): SeededRandom {
    const key = derive(this.key, label);
    return new SeededRandom({ key, words: key });
  }

  /** Uniform in [0, 1), all 53 bits random. */
  next(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** Uniform over 0 .. n-1, without bias. @throws FerError CONFIG_INVALID unless n is an integer in 1 .. 2^32. */
  int(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new FerError(
        'CONFIG_INVALID',
        `cannot draw a random integer below ${n}: it must be an integer from 1 to 2^32`,
      );
    }
    // The values above the last full multiple of n would make small results likelier: draw again.
    const end = 2 ** 32 - (2 ** 32 % n);
    let word = this.uint32();
    while (word >= end) word = this.uint32();
    return word % n;
  }

  /** Standard normal: mean 0, variance 1 (Box and Muller, 1958). Always takes two uniform numbers. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /** A new array in random order (Fisher and Yates); `array` stays unchanged. */
  shuffle<T>(array: readonly T[]): T[] {
    const shuffled = [...array];
    for (let last = shuffled.length - 1; last > 0; last -= 1) {
      const other = this.int(last + 1);
      [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
    }
    return shuffled;
  }

  /** Uniform over 0 .. 2^32-1: the generator itself. */
  uint32(): number {
    const s = this.words;
    const result = Math.imul(rotateLeft(Math.imul(s[1]!, 5), 7), 9) >>> 0;
    const shifted = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= shifted;
    s[3] = rotateLeft(s[3]!, 11);
    return result;
  }
}

/** The key of a child. Four different words stay four different words, so no stream starts at the forbidden all-zero state. */
function derive(key: Words, label: string): Words {
  return [murmur3(label, key[0]), murmur3(label, key[1]), murmur3(label, key[2]), murmur3(label, key[3])];
}

function isWords(value: unknown): value is Words {
  return (
    Array.isArray(value) &&
    value.length === 4 &&
    value.every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32)
  );
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
