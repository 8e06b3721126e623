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

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
