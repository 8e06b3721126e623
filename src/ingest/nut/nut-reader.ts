import { FerError } from '../../errors/fer-error.js';
import { pictureBytes } from '../frame.js';

/** One uncompressed picture out of a NUT stream. */
export interface NutPicture {
  /** Presentation time in units of the stream's time base. */
  readonly ticks: number;
  readonly width: number;
  readonly height: number;
  /** True for planar YUV 4:2:0, false for packed RGB. */
  readonly isPlanar: boolean;
  /** Pixels as in a `Picture`; never written again by the reader. */
  readonly data: Uint8Array;
}

const FILE_ID = new TextEncoder().encode('nut/multimedia container\0');
/** Every packet begins with this byte, no frame does. */
const PACKET = 0x4e;
/** The second half of the 64-bit start codes; the first half differs as well, but tells no more. */
const CODE = { main: 0x561f5f04ad, stream: 0x405bf2f9db, syncpoint: 0xadeeca4569 } as const;
const STARTCODE_BYTES = 8;
/** Packets longer than this have a checksum after their length, too. */
const LONG_PACKET = 4096;
/** Larger headers are not what ffmpeg writes for one stream of raw pictures. */
const LARGEST_HEADER = 1 << 16;

/** How a frame's header is coded (nut.txt, "frame code"). */
const FLAG = {
  codedPts: 8,
  streamId: 16,
  sizeMsb: 32,
  checksum: 64,
  reserved: 128,
  matchTime: 256,
  headerIndex: 1024,
  coded: 4096,
  invalid: 8192,
} as const;

interface FrameCode {
  readonly flags: number;
  readonly sizeMul: number;
  readonly sizeLsb: number;
  readonly ptsDelta: number;
  readonly reserved: number;
  readonly headerIndex: number;
}

const INVALID_CODE: FrameCode = {
  flags: FLAG.invalid,
  sizeMul: 0,
  sizeLsb: 0,
  ptsDelta: 0,
  reserved: 0,
  headerIndex: 0,
};

/** What the stream calls its pixel format. */
const FOURCC = { rgb: 'RGB\x18', yuv420: 'I420' } as const;

const NOTHING = new Uint8Array(0);

/**
 * Reads what `ffmpeg -c:v rawvideo -pix_fmt rgb24 -f nut pipe:1` writes, or `yuv420p`: one stream of pictures, in the NUT container
 * (https://ffmpeg.org/~michael/nut.txt, version 3). Feed it chunks cut anywhere; pictures come out as soon as their last byte is in. It copies
 * each byte once, straight into the picture that will own it. Checksums are not looked at: the pipe does not change bytes.
 *
 * NUT, because ffmpeg writes a raw picture into it as it is, where its Matroska writer copies each picture several times over.
 */
export class NutReader {
  private begun = false;
  /** Bytes of an element that is not complete yet. */
  private pending: Uint8Array = NOTHING;
  private skip = 0;
  private picture: { readonly ticks: number; readonly data: Uint8Array; used: number } | null = null;

  private codes: FrameCode[] = [];
  /** Bytes that frames leave out at their start, by index. */
  private elided: Uint8Array[] = [NOTHING];
  private timeBases = 1;
  private ptsShift = 0;
  private width = 0;
  private height = 0;
  private isPlanar = false;
  private lastPts = 0;

  /** @param allocate memory for a picture, with any content */
  constructor(private readonly allocate = (bytes: number): Uint8Array => new Uint8Array(bytes)) {}

  /** True between elements: a stream that ends here has not been cut off. */
  get atRest(): boolean {
    return this.picture === null && this.skip === 0 && this.pending.length === 0;
  }

  /**
   * Pictures completed by this chunk. Exhaust it before pushing the next chunk.
   * @throws FerError FFMPEG_FAILED for bytes that are not such a stream.
   */
  *push(chunk: Uint8Array): Generator<NutPicture, void, undefined> {
    const bytes = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    this.pending = NOTHING;
    let at = 0;
    while (at < bytes.length) {
      const { picture } = this;
      if (picture !== null) {
        const { data, ticks } = picture;
        const taken = Math.min(data.length - picture.used, bytes.length - at);
        data.set(bytes.subarray(at, at + taken), picture.used);
        at += taken;
        picture.used += taken;
        if (picture.used < data.length) continue;
        this.picture = null;
        yield { ticks, width: this.width, height: this.height, isPlanar: this.isPlanar, data };
      } else if (this.skip > 0) {
        const taken = Math.min(this.skip, bytes.length - at);
        at += taken;
        this.skip -= taken;
      } else {
        const cursor = new ByteCursor(bytes, at);
        this.readElement(cursor);
        if (cursor.isShort) {
          if (bytes.length - at > LARGEST_HEADER) throw broken('a header that does not end');
          this.pending = bytes.slice(at);
          return;
        }
        at = cursor.at;
      }
    }
  }

  /** Reads a packet or the header of a frame. Changes nothing when the cursor comes out short. */
  private readElement(cursor: ByteCursor): void {
    if (!this.begun) this.readFileId(cursor);
    else if (cursor.peek() === PACKET) this.readPacket(cursor);
    else this.readFrameHeader(cursor);
  }

  private readFileId(cursor: ByteCursor): void {
    const id = cursor.take(FILE_ID.length);
    if (!id.every((byte, i) => byte === FILE_ID[i])) throw broken('a beginning that is not NUT');
    this.begun = !cursor.isShort;
  }

  private readPacket(cursor: ByteCursor): void {
    const [...start] = cursor.take(STARTCODE_BYTES);
    const code = start.slice(3).reduce((value, byte) => value * 256 + byte, 0);
    const length = cursor.readVarint();
    if (length > LONG_PACKET) cursor.take(4);
    if (code !== CODE.main && code !== CODE.stream && code !== CODE.syncpoint) {
      if (!cursor.isShort) this.skip = length; // metadata, index
      return;
    }
    if (length > LARGEST_HEADER) throw broken(`a header of ${length} bytes`);
    const content = new ByteCursor(cursor.take(length));
    if (cursor.isShort) return;
    if (code === CODE.main) this.readMainHeader(content);
    else if (code === CODE.stream) this.readStreamHeader(content);
    else this.lastPts = Math.floor(content.readVarint() / this.timeBases);
    if (content.isShort) throw broken('a header that is too short');
  }

  private readMainHeader(cursor: ByteCursor): void {
    const version = cursor.readVarint();
    if (version !== 3) throw broken(`version ${version} of NUT`);
    const streams = cursor.readVarint();
    if (streams !== 1) throw broken(`${streams} streams`);
    cursor.readVarint(); // max_distance
    this.timeBases = cursor.readVarint();
    for (let i = 0; i < 2 * this.timeBases && !cursor.isShort; i++) cursor.readVarint();
    this.codes = readFrameCodes(cursor);
    this.elided = [NOTHING];
    const more = cursor.readVarint();
    for (let i = 0; i < more && !cursor.isShort; i++) this.elided.push(cursor.take(cursor.readVarint()).slice());
  }

  private readStreamHeader(cursor: ByteCursor): void {
    cursor.readVarint(); // stream_id
    const kind = cursor.readVarint();
    if (kind !== 0) throw broken('a stream that is not video');
    const fourcc = String.fromCharCode(...cursor.take(cursor.readVarint()));
    if (fourcc !== FOURCC.rgb && fourcc !== FOURCC.yuv420)
      throw broken(`pictures of the format ${JSON.stringify(fourcc)}`);
    this.isPlanar = fourcc === FOURCC.yuv420;
    cursor.readVarint(); // time_base_id
    this.ptsShift = cursor.readVarint();
    for (let i = 0; i < 3; i++) cursor.readVarint(); // max_pts_distance, decode_delay, stream_flags
    cursor.take(cursor.readVarint()); // codec_specific_data
    this.width = cursor.readVarint();
    this.height = cursor.readVarint();
  }

  private readFrameHeader(cursor: ByteCursor): void {
    const code = this.codes[cursor.readByte()];
    if (code === undefined || (code.flags & FLAG.invalid) !== 0) throw broken('a frame of an unknown kind');
    const flags = (code.flags & FLAG.coded) === 0 ? code.flags : code.flags ^ cursor.readVarint();
    const stream = (flags & FLAG.streamId) === 0 ? 0 : cursor.readVarint();
    const ticks = (flags & FLAG.codedPts) === 0 ? this.lastPts + code.ptsDelta : this.fullPts(cursor.readVarint());
    const size = code.sizeLsb + ((flags & FLAG.sizeMsb) === 0 ? 0 : cursor.readVarint() * code.sizeMul);
    if ((flags & FLAG.matchTime) !== 0) cursor.readVarint();
    const index = (flags & FLAG.headerIndex) === 0 ? code.headerIndex : cursor.readVarint();
    const reserved = (flags & FLAG.reserved) === 0 ? code.reserved : cursor.readVarint();
    for (let i = 0; i < reserved && !cursor.isShort; i++) cursor.readVarint();
    if ((flags & FLAG.checksum) !== 0) cursor.take(4);
    if (cursor.isShort) return;
    if (size !== pictureBytes(this.width, this.height, this.isPlanar) || size <= 0 || stream !== 0)
      throw broken(
        `a picture of ${size} bytes where ${this.width} x ${this.height} ${this.isPlanar ? 'YUV' : 'RGB'} was announced`,
      );
    const elided = size > LONG_PACKET ? NOTHING : this.elided[index];
    if (elided === undefined || elided.length >= size) throw broken('a frame without its beginning');
    this.lastPts = ticks;
    const data = this.allocate(size);
    data.set(elided);
    this.picture = { ticks, data, used: elided.length };
  }

  /** Time stamps carry their low bits only, as long as they are near the last one. */
  private fullPts(coded: number): number {
    const range = 2 ** this.ptsShift;
    if (coded >= range) return coded - range;
    const least = this.lastPts - Math.floor((range - 1) / 2);
    return least + ((((coded - least) % range) + range) % range);
  }
}

/** Fields of a line of the table; eight are defined. */
const MOST_FIELDS = 64;

/** The table of the main header which says what the first byte of a frame stands for. */
function readFrameCodes(cursor: ByteCursor): FrameCode[] {
  const codes: FrameCode[] = [];
  let [ptsDelta, sizeMul, headerIndex] = [0, 1, 0];
  while (codes.length < 256 && !cursor.isShort) {
    const flags = cursor.readVarint();
    const fields = cursor.readVarint();
    if (fields > 0) ptsDelta = cursor.readSigned();
    if (fields > 1) sizeMul = cursor.readVarint();
    if (fields > 2) cursor.readVarint(); // stream
    const sizeLsb = fields > 3 ? cursor.readVarint() : 0;
    const reserved = fields > 4 ? cursor.readVarint() : 0;
    const count = fields > 5 ? cursor.readVarint() : sizeMul - sizeLsb;
    if (fields > 6) cursor.readSigned(); // match_time_delta
    if (fields > 7) headerIndex = cursor.readVarint();
    for (let i = 8; i < Math.min(fields, MOST_FIELDS); i++) cursor.readVarint();
    for (let j = 0; j < count && codes.length < 256; j++) {
      if (codes.length === PACKET) codes.push(INVALID_CODE);
      codes.push({ flags, sizeMul, sizeLsb: sizeLsb + j, ptsDelta, reserved, headerIndex });
    }
  }
  return codes;
}

function broken(what: string): FerError {
  return new FerError(
    'FFMPEG_FAILED',
    `ffmpeg's picture stream contains ${what}, which ferstream cannot read: try another ffmpeg (FFMPEG_PATH)`,
  );
}

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
