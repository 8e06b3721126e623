import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { isS3Address } from '../../storage/s3-address.js';

/** Written into every overlay as its comment, so that a folder annotated again is not annotated with its own overlays. */
export const OVERLAY_TAG = 'ferstream overlay';

/** Bytes read of a user-data box. */
const USER_DATA_BYTES = 64 * 1024;
const HEADER_BYTES = 16;

/** A box inside an mp4 (ISO/IEC 14496-12): where its content begins and ends in the file. */
export interface FileBox {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Whether a file is an overlay that ferstream made, under any name; in object storage by its name. False for what cannot be read. */
export async function isOverlay(path: string): Promise<boolean> {
  if (isS3Address(path)) return path.endsWith('.overlay.mp4');
  if (!/\.(mp4|m4v|mov)$/i.test(path)) return false;
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch {
    return false;
  }
  try {
    const { size } = await handle.stat();
    const movie = await findBox(handle, { type: 'file', start: 0, end: size }, 'moov');
    const userData = movie === null ? null : await findBox(handle, movie, 'udta');
    if (userData === null) return false;
    const content = Buffer.alloc(Math.min(USER_DATA_BYTES, userData.end - userData.start));
    await handle.read(content, 0, content.length, userData.start);
    return content.includes(OVERLAY_TAG);
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}

/** The first box of that type directly inside `parent`; only headers are read. */
export async function findBox(handle: FileHandle, parent: FileBox, wanted: string): Promise<FileBox | null> {
  const header = Buffer.alloc(HEADER_BYTES);
  let at = parent.start;
  while (at + 8 <= parent.end) {
    await handle.read(header, 0, HEADER_BYTES, at);
    const short = header.readUInt32BE(0);
    const type = header.toString('latin1', 4, 8);
    const size = short === 1 ? Number(header.readBigUInt64BE(8)) : short === 0 ? parent.end - at : short;
    const headerBytes = short === 1 ? 16 : 8;
    if (size < headerBytes) return null;
    if (type === wanted) return { type, start: at + headerBytes, end: Math.min(parent.end, at + size) };
    at += size;
  }
  return null;
}
