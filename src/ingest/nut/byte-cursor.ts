/** Reads the number encodings of NUT (https://ffmpeg.org/~michael/nut.txt). Where bytes are missing it reads zeros and is `isShort` from then on. */
export class ByteCursor {
  isShort = false;

  constructor(
    private readonly bytes: Uint8Array,
    /** Where the next byte is read. */
    public at = 0,
  ) {}

  /** The next byte, not consumed; undefined at the end. */
  peek(): number | undefined {
    return this.bytes[this.at];
  }

  readByte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) this.isShort = true;
    return byte ?? 0;
  }

  /** "v": seven bits a byte, the highest bit set in all bytes but the last. Exact up to 2^53. */
  readVarint(): number {
    let value = 0;
    for (;;) {
      const byte = this.readByte();
      value = value * 128 + (byte & 0x7f);
      if (byte < 0x80) return value;
    }
  }

  /** "s": 0, 1, -1, 2, -2 ... as a "v". */
  readSigned(): number {
    const value = this.readVarint() + 1;
    return value % 2 === 1 ? -Math.floor(value / 2) : value / 2;
  }

  /** The next bytes, a view; fewer at the end. */
  take(length: number): Uint8Array {
    const taken = this.bytes.subarray(this.at, this.at + length);
    if (taken.length < length) this.isShort = true;
    this.at += length;
    return taken;
  }
}
