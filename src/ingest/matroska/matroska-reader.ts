import { FerError } from '../../errors/fer-error.js';

/**
 * The number encodings of EBML (RFC 8794), the binary XML that Matroska is written in.
 * A "vint" says by its leading zero bits how many bytes it has: 1xxxxxxx one, 01xxxxxx xxxxxxxx two, and so on to eight.
 */

/** Bytes of the vint that starts with `first`, 1 to 8; 0 when no vint starts so. */
export function vintLength(first: number): number {
  return first === 0 ? 0 : Math.clz32(first) - 23;
}

/** An element id: a vint that keeps its length marker, as ids are always written (0x1A45DFA3, 0xA3 ...). */
function readId(bytes: Uint8Array, offset: number, length: number): number {
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

/** One uncompressed picture out of a Matroska stream. */
export interface MatroskaPicture {
  /** Presentation time in units of `tick`. */
  readonly ticks: number;
  /** Nanoseconds (the stream's TimestampScale). */
  readonly tick: number;
  readonly width: number;
  readonly height: number;
  /** width * height * 3 bytes; its own memory, never written again. */
  readonly data: Uint8Array;
}

const ID = {
  Segment: 0x18538067,
  Info: 0x1549a966,
  TimestampScale: 0x2ad7b1,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  Video: 0xe0,
  PixelWidth: 0xb0,
  PixelHeight: 0xba,
  Cluster: 0x1f43b675,
  Timestamp: 0xe7,
  SimpleBlock: 0xa3,
  BlockGroup: 0xa0,
  Block: 0xa1,
} as const;

/**
 * Elements whose children are read as if they stood on the same level. No child id that matters occurs under two
 * parents, so the end of a parent does not matter, and parents of unknown size need no special care.
 */
const PARENTS: ReadonlySet<number> = new Set([
  ID.Segment,
  ID.Info,
  ID.Tracks,
  ID.TrackEntry,
  ID.Video,
  ID.Cluster,
  ID.BlockGroup,
]);
const NUMBERS: ReadonlySet<number> = new Set([ID.TimestampScale, ID.PixelWidth, ID.PixelHeight, ID.Timestamp]);

/** Longest id + longest size, or longest block header (track vint, 16-bit time, flags). */
const SCRATCH_BYTES = 12;
const LACING_FLAGS = 0x06;

type Step =
  | { readonly kind: 'header' }
  | { readonly kind: 'number'; readonly id: number; readonly size: number }
  | { readonly kind: 'block-header'; readonly size: number }
  | { readonly kind: 'picture'; readonly ticks: number }
  | { readonly kind: 'skip'; remaining: number };

/**
 * Reads what `ffmpeg -c:v rawvideo -pix_fmt rgb24 -allow_raw_vfw 1 -f matroska pipe:1` writes: one track of packed RGB
 * pictures. Feed it chunks cut anywhere; pictures come out as soon as their last byte is in. It copies each byte once,
 * straight into the picture that will own it.
 */
export class MatroskaReader {
  private step: Step = { kind: 'header' };
  private readonly scratch = new Uint8Array(SCRATCH_BYTES);
  private scratchUsed = 0;
  private picture = new Uint8Array(0);
  private pictureUsed = 0;

  private tick = 1_000_000;
  private width = 0;
  private height = 0;
  private clusterTicks = 0;

  /** True between elements: a stream that ends here has not been cut off. */
  get atRest(): boolean {
    return this.step.kind === 'header' && this.scratchUsed === 0;
  }

  /**
   * Pictures completed by this chunk. Exhaust it before pushing the next chunk.
   * @throws FerError FFMPEG_FAILED for bytes that are not such a stream.
   */
  *push(chunk: Uint8Array): Generator<MatroskaPicture, void, undefined> {
    let at = 0;
    while (at < chunk.length) {
      const step = this.step;
      if (step.kind === 'skip') {
        const taken = Math.min(step.remaining, chunk.length - at);
        at += taken;
        step.remaining -= taken;
        if (step.remaining === 0) this.step = { kind: 'header' };
      } else if (step.kind === 'picture') {
        const taken = Math.min(this.picture.length - this.pictureUsed, chunk.length - at);
        this.picture.set(chunk.subarray(at, at + taken), this.pictureUsed);
        at += taken;
        this.pictureUsed += taken;
        if (this.pictureUsed === this.picture.length) {
          const data = this.picture;
          this.picture = new Uint8Array(0);
          this.step = { kind: 'header' };
          yield { ticks: step.ticks, tick: this.tick, width: this.width, height: this.height, data };
        }
      } else {
        if (this.scratchUsed === SCRATCH_BYTES) throw broken('an element header that does not end');
        this.scratch[this.scratchUsed++] = chunk[at++]!;
        const next = this.advance(step);
        if (next !== null) {
          this.step = next;
          this.scratchUsed = 0;
        }
      }
    }
  }

  /** The step after the one whose bytes are in `scratch`; null while bytes are missing. */
  private advance(step: Exclude<Step, { kind: 'skip' | 'picture' }>): Step | null {
    switch (step.kind) {
      case 'header':
        return this.readHeader();
      case 'number':
        if (this.scratchUsed < step.size) return null;
        this.takeNumber(step.id, readUint(this.scratch, 0, step.size));
        return { kind: 'header' };
      case 'block-header':
        return this.readBlockHeader(step.size);
    }
  }

  private readHeader(): Step | null {
    const idLength = vintLength(this.scratch[0]!);
    if (idLength === 0 || idLength > 4) throw broken(`a byte ${this.scratch[0]!} where an element should start`);
    if (this.scratchUsed <= idLength) return null;
    const sizeLength = vintLength(this.scratch[idLength]!);
    if (sizeLength === 0) throw broken('an element without a size');
    if (this.scratchUsed < idLength + sizeLength) return null;
    const id = readId(this.scratch, 0, idLength);
    const size = readSize(this.scratch, idLength, sizeLength);
    if (PARENTS.has(id)) return { kind: 'header' };
    if (size === null) throw broken(`an element 0x${id.toString(16)} of unknown size`);
    if (id === ID.SimpleBlock || id === ID.Block) return { kind: 'block-header', size };
    if (NUMBERS.has(id)) {
      if (size > 8) throw broken(`a number of ${size} bytes`);
      if (size > 0) return { kind: 'number', id, size };
      this.takeNumber(id, 0);
    }
    return size === 0 ? { kind: 'header' } : { kind: 'skip', remaining: size };
  }

  private takeNumber(id: number, value: number): void {
    if (id === ID.TimestampScale) this.tick = value;
    else if (id === ID.PixelWidth) this.width = value;
    else if (id === ID.PixelHeight) this.height = value;
    else this.clusterTicks = value;
  }

  private readBlockHeader(size: number): Step | null {
    const trackLength = vintLength(this.scratch[0]!);
    if (trackLength === 0) throw broken('a block without a track number');
    const headerLength = trackLength + 3;
    if (this.scratchUsed < headerLength) return null;
    if ((this.scratch[headerLength - 1]! & LACING_FLAGS) !== 0) throw broken('a laced block');
    const bytes = size - headerLength;
    if (bytes !== this.width * this.height * 3 || bytes <= 0) {
      throw broken(`a picture of ${bytes} bytes where ${this.width} x ${this.height} RGB was announced`);
    }
    const relative = (readUint(this.scratch, trackLength, 2) << 16) >> 16; // signed 16 bit
    // Not from Buffer's shared pool: the picture must be free to outlive, and to be transferred, alone.
    this.picture = new Uint8Array(bytes);
    this.pictureUsed = 0;
    return { kind: 'picture', ticks: this.clusterTicks + relative };
  }
}

function broken(what: string): FerError {
  return new FerError(
    'FFMPEG_FAILED',
    `ffmpeg's picture stream contains ${what}, which ferstream cannot read: try another ffmpeg (FFMPEG_PATH)`,
  );
}
