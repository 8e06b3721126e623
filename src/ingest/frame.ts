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
