import { basename, dirname, join, parse } from 'node:path';
import { isVideoName } from '../../../ingest/media-names.js';
import type { FrameFile } from '../sample.js';
import type { Folders } from './folder-listing.js';

/** How a clip lies on the disk: one video file (`frames` is null), or a folder of pictures. */
export interface ClipMedia {
  readonly path: string;
  readonly frames: readonly FrameFile[] | null;
}

/**
 * The first of the places at which a clip is found: a folder of that name with pictures in it, a video of just that name, or one of that
 * name with any video ending. Null where there is none; an empty folder is none.
 */
export async function clipMedia(folders: Folders, places: readonly string[]): Promise<ClipMedia | null> {
  for (const place of places) {
    const frames = await folders.frames(place);
    if (frames.length > 0) return { path: place, frames };
    if (isVideoName(place) && (await folders.hasFile(place))) return { path: place, frames: null };
    for (const ending of VIDEO_ENDINGS) {
      if (await folders.hasFile(place + ending)) return { path: place + ending, frames: null };
    }
    if (isVideoName(place)) {
      // An index may name the video while only its frames lie there, in a folder without the ending.
      const folder = join(dirname(place), parse(place).name);
      const extracted = await folders.frames(folder);
      if (extracted.length > 0) return { path: folder, frames: extracted };
    }
  }
  return null;
}

/** What the sets and their copies use. */
const VIDEO_ENDINGS = ['.mp4', '.avi', '.flv', '.mkv', '.mov', '.webm'];

/** A clip's name without folders and video ending. */
export function clipName(path: string): string {
  return isVideoName(path) ? parse(path).name : basename(path);
}
