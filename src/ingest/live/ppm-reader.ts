import { FerError } from '../../errors/fer-error.js';

/** One picture of a PPM stream. */
export interface PpmPicture {
  readonly width: number;
  readonly height: number;
  /** width * height * 3 bytes of RGB; its own memory, never written again. */
  readonly data: Uint8Array;
}

/** "P6\n640 480\n255\n" and then the pixels, as ffmpeg writes it. */
const HEADER = /^P6\n(\d{1,6}) (\d{1,6})\n255\n$/;
const LONGEST_HEADER = 24;
const NEWLINE = 10;
const LINES = 3;

/**
 * Reads what `ffmpeg -c:v ppm -f image2pipe pipe:1` writes. Feed it chunks cut anywhere; pictures come out as soon as their last byte is in. Live sources
 * use it because every picture says its own size, which may change.
 */
export class PpmReader {
  private header = '';
  private lines = 0;
  private width = 0;
  private height = 0;
  private picture: Uint8Array<ArrayBuffer> | null = null;
  private used = 0;

  /**
   * Pictures completed by this chunk. Exhaust it before pushing the next chunk.
   * @throws FerError FFMPEG_FAILED for bytes that are not such a stream.
   */
  *push(chunk: Uint8Array): Generator<PpmPicture, void, undefined> {
    let at = 0;
    while (at < chunk.length) {
      if (this.picture === null) {
        this.takeHeaderByte(chunk[at++]!);
        continue;
      }
      const taken = Math.min(this.picture.length - this.used, chunk.length - at);
      this.picture.set(chunk.subarray(at, at + taken), this.used);
      at += taken;
      this.used += taken;
      if (this.used < this.picture.length) return;
      const { width, height, picture: data } = this;
      this.picture = null;
      yield { width, height, data };
    }
  }

  private takeHeaderByte(byte: number): void {
    this.header += String.fromCharCode(byte);
    if (byte === NEWLINE) this.lines++;
    if (this.lines < LINES && this.header.length < LONGEST_HEADER) return;
    const size = HEADER.exec(this.header);
    this.width = Number(size?.[1] ?? 0);
    this.height = Number(size?.[2] ?? 0);
    if (this.width * this.height === 0) {
      throw new FerError(
        'FFMPEG_FAILED',
        `ffmpeg's picture stream contains ${JSON.stringify(this.header)} where a picture should begin: try another ffmpeg (FFMPEG_PATH)`,
      );
    }
    this.header = '';
    this.lines = 0;
    this.picture = new Uint8Array(this.width * this.height * 3);
    this.used = 0;
  }
}
