import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSize, readUint, vintLength } from './ebml.js';

describe('EBML numbers', () => {
  it('tells the length of a vint from its first byte', () => {
    expect([0x80, 0xff, 0x40, 0x20, 0x1a, 0x01, 0x00].map(vintLength)).toEqual([1, 1, 2, 3, 4, 8, 0]);
  });

  it('reads sizes written with more bytes than they need, up to 2^53', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 8 }), (value, wanted) => {
        const length = Math.max(wanted, shortest(value));
        expect(readSize(vint(value, length), 0, length)).toBe(value);
      }),
    );
  });

  it('takes all ones for "not known", at every length', () => {
    for (let length = 1; length <= 8; length++) {
      const bytes = new Uint8Array(length).fill(0xff);
      bytes[0] = 0xff >> (length - 1);
      expect(readSize(bytes, 0, length)).toBeNull();
    }
  });

  it('reads big-endian integers', () => {
    expect(readUint(Uint8Array.of(9, 0x01, 0x02, 0x03), 1, 3)).toBe(0x010203);
    expect(readUint(new Uint8Array(0), 0, 0)).toBe(0);
  });
});

/** Bytes that hold `value`, leaving the all-ones pattern alone. */
function shortest(value: number): number {
  let length = 1;
  while (value >= 2 ** (7 * length) - 1) length++;
  return length;
}

function vint(value: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[0]! |= 0x80 >> (length - 1);
  return bytes;
}
