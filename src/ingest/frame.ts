/** One decoded picture of a source, after rotation metadata has been applied. */
export interface Frame {
  /** Position in the source as decoded, from 0, without gaps. */
  readonly index: number;
  /** Presentation time in seconds, from the container. */
  readonly timestamp: number;
  /** Display width in pixels; may change in the middle of a stream. */
  readonly width: number;
  readonly height: number;
  /** Packed RGB, `width * height * 3` bytes, row by row from the top left. Valid until the frame is released. */
  readonly data: Uint8Array;
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

/** The pixels of a frame alone. */
export type Picture = Pick<Frame, 'data' | 'width' | 'height'>;
