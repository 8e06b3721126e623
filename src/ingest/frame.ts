/** One decoded picture of a source, after rotation metadata has been applied. */
export interface Frame {
  /** Position in the source as decoded, from 0, without gaps. */
  readonly index: number;
  /** Presentation time in seconds, from the container. */
  readonly timestamp: number;
  /** Display width in pixels; may change in the middle of a stream. */
  readonly width: number;
  readonly height: number;
  /** Packed RGB, `width * height * 3` bytes, row by row from the top left. Valid for as long as the frame is held. */
  readonly data: Uint8Array;
  /** Image folders only: the file name, relative to the folder. */
  readonly file?: string;
  /** Why an image could not be decoded; width and height are 0. Only with `keepUnreadable`. */
  readonly unreadable?: string;
}

/** The pixels of a frame alone. */
export type Picture = Pick<Frame, 'data' | 'width' | 'height'>;
