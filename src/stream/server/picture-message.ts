import sharp from 'sharp';
import type { Frame } from '../../ingest/index.js';
import { encodeFrameHeader } from '../protocol/index.js';

const QUALITY = 80;

/** `frame` as viewers get it: header and JPEG. Its bytes are copied first, so that they may be given away meanwhile. */
export async function pictureMessage(frame: Frame, captureTime: number): Promise<Uint8Array> {
  const { width, height } = frame;
  const jpeg = await sharp(Uint8Array.from(frame.data), { raw: { width, height, channels: 3 } })
    .jpeg({ quality: QUALITY })
    .toBuffer();
  return Buffer.concat([encodeFrameHeader({ sequence: frame.index, captureTime }), jpeg]);
}
