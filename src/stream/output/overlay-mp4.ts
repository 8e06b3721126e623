import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { isS3Address } from '../../storage/s3.js';

/** Written into every overlay as its comment, so that a folder annotated again is not annotated with its own overlays. */
export const OVERLAY_TAG = 'ferstream overlay';

/** Bytes read of a user-data box. */
const USER_DATA_BYTES = 64 * 1024;
const HEADER_BYTES = 16;

/** A box inside an mp4 (ISO/IEC 14496-12): where its content begins and ends in the file. */
interface FileBox {
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
async function findBox(handle: FileHandle, parent: FileBox, wanted: string): Promise<FileBox | null> {
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

/*
 * With untouched timestamps, ffmpeg before 4.2 writes a duration of 0 for the last frame. Players and ffprobe then drop it, because it
 * begins where the track's edit list ends. Here it gets the duration of the frame before it. Boxes: ISO/IEC 14496-12.
 */

/** A box inside a buffer; offsets from the buffer's beginning. */
interface Box {
  readonly type: string;
  /** Start of the content, after size and type. */
  readonly start: number;
  readonly end: number;
}

const HEADER = 8;
/** Version and flags of a "full" box. */
const FULL = 4;

/**
 * Gives the last video frame of an mp4 a duration, in place, if it has none.
 * @returns whether it changed the file
 */
export async function fixLastFrameDuration(path: string): Promise<boolean> {
  const handle = await open(path, 'r+');
  try {
    const { size } = await handle.stat();
    const place = await findBox(handle, { type: 'file', start: 0, end: size }, 'moov');
    if (place === null) return false;
    const movie = Buffer.alloc(place.end - place.start);
    await handle.read(movie, 0, movie.length, place.start);
    if (!fixMovie(movie)) return false;
    await handle.write(movie, 0, movie.length, place.start);
    return true;
  } finally {
    await handle.close();
  }
}

function fixMovie(movie: Buffer): boolean {
  const whole = { type: 'moov', start: 0, end: movie.length };
  const movieHeader = child(movie, whole, 'mvhd');
  const track = children(movie, whole).find((box) => box.type === 'trak' && isVideo(movie, box));
  const mediaHeader = track && child(movie, track, 'mdia', 'mdhd');
  const times = track && child(movie, track, 'mdia', 'minf', 'stbl', 'stts');
  if (movieHeader === null || track === undefined || !mediaHeader || !times) return false;

  const ticks = fixLastDelta(movie, times);
  if (ticks === null) return false;
  const movieTicks = Math.ceil((ticks * timescale(movie, movieHeader)) / timescale(movie, mediaHeader));
  addToDuration(movie, mediaHeader, HEADER_DURATION, ticks);
  const trackHeader = child(movie, track, 'tkhd');
  if (trackHeader !== null) {
    const length = addToDuration(movie, trackHeader, TRACK_DURATION, movieTicks);
    raiseDuration(movie, movieHeader, length);
  }
  const edits = child(movie, track, 'edts', 'elst');
  if (edits !== null) lengthenLastEdit(movie, edits, movieTicks);
  return true;
}

function isVideo(data: Buffer, track: Box): boolean {
  const handler = child(data, track, 'mdia', 'hdlr');
  return handler !== null && data.toString('latin1', handler.start + FULL + 4, handler.start + FULL + 8) === 'vide';
}

/** Copies the duration of the sample before the last; null if the last one has its own, or is the only one. */
function fixLastDelta(data: Buffer, times: Box): number | null {
  const count = data.readUInt32BE(times.start + FULL);
  const entry = (index: number): number => times.start + FULL + 4 + index * 8;
  if (count < 2 || data.readUInt32BE(entry(count - 1)) !== 1 || data.readUInt32BE(entry(count - 1) + 4) !== 0)
    return null;
  const before = data.readUInt32BE(entry(count - 2) + 4);
  data.writeUInt32BE(before, entry(count - 1) + 4);
  return before;
}

/** Offset of `duration` after version and flags, in headers of version 0 and 1: mvhd and mdhd agree, tkhd differs. */
const HEADER_DURATION = [12, 20] as const;
const TRACK_DURATION = [16, 24] as const;

function timescale(data: Buffer, header: Box): number {
  return data.readUInt32BE(header.start + FULL + (isLong(data, header) ? 16 : 8));
}

function addToDuration(data: Buffer, header: Box, places: readonly [number, number], ticks: number): number {
  const at = header.start + FULL + places[isLong(data, header) ? 1 : 0];
  const sum = (isLong(data, header) ? Number(data.readBigUInt64BE(at)) : data.readUInt32BE(at)) + ticks;
  writeDuration(data, header, at, sum);
  return sum;
}

function raiseDuration(data: Buffer, header: Box, least: number): void {
  const at = header.start + FULL + HEADER_DURATION[isLong(data, header) ? 1 : 0];
  const now = isLong(data, header) ? Number(data.readBigUInt64BE(at)) : data.readUInt32BE(at);
  if (now < least) writeDuration(data, header, at, least);
}

function lengthenLastEdit(data: Buffer, edits: Box, ticks: number): void {
  const count = data.readUInt32BE(edits.start + FULL);
  if (count === 0) return;
  const size = isLong(data, edits) ? 20 : 12;
  const at = edits.start + FULL + 4 + (count - 1) * size;
  const length = isLong(data, edits) ? Number(data.readBigUInt64BE(at)) : data.readUInt32BE(at);
  writeDuration(data, edits, at, length + ticks);
}

function writeDuration(data: Buffer, box: Box, at: number, value: number): void {
  if (isLong(data, box)) data.writeBigUInt64BE(BigInt(value), at);
  else data.writeUInt32BE(value, at);
}

/** Version 1 boxes hold times in 64 bits. */
function isLong(data: Buffer, box: Box): boolean {
  return data[box.start] === 1;
}

function child(data: Buffer, parent: Box, ...path: readonly string[]): Box | null {
  let box: Box | undefined = parent;
  for (const type of path) {
    box = children(data, box).find((candidate) => candidate.type === type);
    if (box === undefined) return null;
  }
  return box;
}

function children(data: Buffer, parent: Box): Box[] {
  const boxes: Box[] = [];
  let at = parent.start;
  while (at + HEADER <= parent.end) {
    const size = data.readUInt32BE(at);
    if (size < HEADER || at + size > parent.end) break;
    boxes.push({ type: data.toString('latin1', at + 4, at + 8), start: at + HEADER, end: at + size });
    at += size;
  }
  return boxes;
}

/** Why a video is not annotated: it is an overlay that ferstream made; null for any other. */
export async function overlayReason(path: string): Promise<string | null> {
  return (await isOverlay(path)) ? 'an overlay made by ferstream' : null;
}
