import { FerError } from '../errors/fer-error.js';

/** How YUV becomes RGB: each value is `luma * (y - black)` plus the chroma's part of it, which is 0 for u = v = 128. */
export interface YuvToRgb {
  readonly black: number;
  readonly luma: number;
  readonly redV: number;
  readonly greenU: number;
  readonly greenV: number;
  readonly blueU: number;
}

/** The pixels of a frame alone: packed RGB, or planar YUV 4:2:0 as video codecs store it. `toRgb` makes RGB of both. */
export interface Picture {
  /** Display width in pixels; may change in the middle of a stream. */
  readonly width: number;
  readonly height: number;
  /**
   * Row by row from the top left. Without `yuv`: red, green and blue of each pixel, `width * height * 3` bytes. With `yuv`: a plane of luma, `width * height`
   * bytes, then two planes of chroma of half the width and height, rounded up. Valid until the frame is released.
   */
  readonly data: Uint8Array;
  /** `data` is planar YUV 4:2:0 that becomes RGB like this. */
  readonly yuv?: YuvToRgb;
}

/** A picture in planar YUV 4:2:0. */
export type YuvPicture = Picture & { readonly yuv: YuvToRgb };

export function isYuv(picture: Picture): picture is YuvPicture {
  return picture.yuv !== undefined;
}

/** One decoded picture of a source, after rotation metadata has been applied. */
export interface Frame extends Picture {
  /** Position in the source as decoded, from 0, without gaps. */
  readonly index: number;
  /** Presentation time in seconds, from the container. */
  readonly timestamp: number;
  /**
   * Gives the memory of `data` back to the source, for a later frame. Call it at most once, when nobody looks at the pixels any more; without the
   * call, the memory is the garbage collector's. Sources that do not use memory again have none.
   */
  readonly release?: () => void;
  /** Image folders only: the file name, relative to the folder. */
  readonly file?: string;
  /** Why an image could not be decoded; width and height are 0. Only with `keepUnreadable`. */
  readonly unreadable?: string;
}

/** Shares of red and blue in luma (ITU-T H.273, table 4), by ffprobe's names; ffmpeg takes what is not marked for BT.601. */
const LUMA_SHARES = {
  unknown: [0.299, 0.114],
  bt470bg: [0.299, 0.114],
  smpte170m: [0.299, 0.114],
  bt709: [0.2126, 0.0722],
  fcc: [0.3, 0.11],
  smpte240m: [0.212, 0.087],
  bt2020nc: [0.2627, 0.0593],
  bt2020c: [0.2627, 0.0593],
} as const;

/** Rec. 601 luma: grey, wherever the project says so. */
export function luma601(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** ffprobe's name of a YUV colour space that can be converted. */
export type YuvSpace = keyof typeof LUMA_SHARES;

export function isYuvSpace(name: string): name is YuvSpace {
  return Object.hasOwn(LUMA_SHARES, name);
}

/** Video range, 16 to 235 (chroma to 240), or all of a byte. */
export type YuvRange = 'tv' | 'pc';

/** The conversion of 8-bit YUV to RGB, as ffmpeg's swscale has it. */
export function yuvToRgb(space: YuvSpace, range: YuvRange): YuvToRgb {
  const [red, blue] = LUMA_SHARES[space];
  const green = 1 - red - blue;
  const luma = range === 'tv' ? 255 / 219 : 1;
  const chroma = range === 'tv' ? 255 / 224 : 1;
  return {
    black: range === 'tv' ? 16 : 0,
    luma,
    redV: 2 * (1 - red) * chroma,
    greenU: (-2 * blue * (1 - blue) * chroma) / green,
    greenV: (-2 * red * (1 - red) * chroma) / green,
    blueU: 2 * (1 - blue) * chroma,
  };
}

/** Where the two planes of chroma of a YUV 4:2:0 picture start, where they end, and bytes from one of their rows to the next. */
export function chromaPlanes(width: number, height: number): { u: number; v: number; end: number; stride: number } {
  const stride = (width + 1) >> 1;
  const u = width * height;
  const v = u + stride * ((height + 1) >> 1);
  return { u, v, end: 2 * v - u, stride };
}

/** Bytes of a picture. @param isPlanar YUV 4:2:0, else packed RGB */
export function pictureBytes(width: number, height: number, isPlanar: boolean): number {
  return isPlanar ? chromaPlanes(width, height).end : width * height * 3;
}

/**
 * Checks a frame, which may be a program's own: wrong pixels would only look as if nobody were there.
 * @param before the frame that it follows
 * @throws FerError USAGE
 */
export function requireFrame(frame: Frame, before: Frame | null): void {
  const { index, timestamp, width, height, data } = frame;
  const wrong = (what: string): FerError => new FerError('USAGE', `frame ${index}: ${what}`);
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1)
    throw wrong(`${width} x ${height} is no size of a picture: give whole pixels`);
  // Callers from JavaScript are not held by the type.
  if (!((data as unknown) instanceof Uint8Array)) throw wrong('its data are not bytes: give a Uint8Array');
  const bytes = pictureBytes(width, height, isYuv(frame));
  if (data.length !== bytes) {
    const remedy = data.length === width * height * 4 ? 'leave out the fourth byte of each pixel' : 'give all pixels';
    const format = isYuv(frame) ? 'planar YUV 4:2:0' : 'RGB';
    throw wrong(`${data.length} bytes are not ${width} x ${height} pixels of ${format} (${bytes} bytes): ${remedy}`);
  }
  if (!Number.isFinite(timestamp)) throw wrong(`${timestamp} is no time: give timestamp in seconds`);
  if (before !== null && timestamp < before.timestamp)
    throw wrong(`${timestamp} s is before the frame before it (${before.timestamp} s): give frames in their order`);
}

/** Packed RGB, `width * height * 3` bytes: the picture's own where it is RGB already. */
export function toRgb(picture: Picture): Uint8Array {
  if (!isYuv(picture)) return picture.data;
  const { data, width, height, yuv } = picture;
  const { u, v, stride } = chromaPlanes(width, height);
  const rgb = new Uint8ClampedArray(width * height * 3); // rounds
  let out = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y >> 1) * stride + (x >> 1);
      const grey = (data[y * width + x]! - yuv.black) * yuv.luma;
      const du = data[u + at]! - 128;
      const dv = data[v + at]! - 128;
      rgb[out++] = grey + yuv.redV * dv;
      rgb[out++] = grey + yuv.greenU * du + yuv.greenV * dv;
      rgb[out++] = grey + yuv.blueU * du;
    }
  }
  return new Uint8Array(rgb.buffer);
}
