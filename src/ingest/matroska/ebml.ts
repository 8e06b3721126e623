/**
 * The number encodings of EBML (RFC 8794), the binary XML that Matroska is written in.
 * A "vint" says by its leading zero bits how many bytes it has: 1xxxxxxx one, 01xxxxxx xxxxxxxx two, and so on to eight.
 */

/** Bytes of the vint that starts with `first`, 1 to 8; 0 when no vint starts so. */
export function vintLength(first: number): number {
  return first === 0 ? 0 : Math.clz32(first) - 23;
}

/** An element id: a vint that keeps its length marker, as ids are always written (0x1A45DFA3, 0xA3 ...). */
export function readId(bytes: Uint8Array, offset: number, length: number): number {
  return readUint(bytes, offset, length);
}

/** A vint's value, exact up to 2^53; null when all its bits are set, which means "size not known". */
export function readSize(bytes: Uint8Array, offset: number, length: number): number | null {
  const mask = 0xff >> length; // the bits of the first byte that follow the length marker
  let value = bytes[offset]! & mask;
  let allOnes = value === mask;
  for (let i = 1; i < length; i++) {
    const byte = bytes[offset + i]!;
    value = value * 256 + byte;
    allOnes &&= byte === 0xff;
  }
  return allOnes ? null : value;
}

/** Big-endian unsigned integer of 0 to 8 bytes. Exact up to 2^53. */
export function readUint(bytes: Uint8Array, offset: number, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + bytes[offset + i]!;
  return value;
}
