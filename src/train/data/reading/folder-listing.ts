import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { isImageName, isVideoName, naturalOrder } from '../../../ingest/media-names.js';
import type { FrameFile } from '../sample.js';

/** How a clip is stored: one video file (`frames` is null), or a folder of pictures. */
interface ClipMedia {
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
      // An index may name the video while only its frames are there, in a folder without the ending.
      const folder = join(dirname(place), parse(place).name);
      const extracted = await folders.frames(folder);
      if (extracted.length > 0) return { path: folder, frames: extracted };
    }
  }
  return null;
}

/** Extensions used by the sets and their copies. */
const VIDEO_ENDINGS = ['.mp4', '.avi', '.flv', '.mkv', '.mov', '.webm'];

/** A clip's name without folders and video ending. */
export function clipName(path: string): string {
  return isVideoName(path) ? parse(path).name : basename(path);
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Listing of a data set's folders. Each is read once: sets have hundreds of thousands of rows. */
export class Folders {
  private readonly listings = new Map<string, Promise<ReadonlyMap<string, Entry>>>();

  /** The visible entries in natural order; none for a missing folder. */
  async entries(folder: string): Promise<readonly Entry[]> {
    return [...(await this.listing(folder)).values()];
  }

  async subfolders(folder: string): Promise<readonly string[]> {
    return (await this.entries(folder)).filter((entry) => entry.isFolder).map(({ name }) => name);
  }

  async files(folder: string): Promise<readonly string[]> {
    return (await this.entries(folder)).filter((entry) => !entry.isFolder).map(({ name }) => name);
  }

  async hasFile(path: string): Promise<boolean> {
    const entry = (await this.listing(dirname(path))).get(basename(path));
    return entry !== undefined && !entry.isFolder;
  }

  async hasFolder(path: string): Promise<boolean> {
    return (await this.listing(dirname(path))).get(basename(path))?.isFolder === true;
  }

  /** The path if something is there, else the only one that differs from it in case or in the way accents are written; null for none. */
  async similar(path: string): Promise<string | null> {
    const known = await this.listing(dirname(path));
    if (known.has(basename(path))) return path;
    if (dirname(path) === path) return null;
    const folder = known.size > 0 ? dirname(path) : await this.similar(dirname(path));
    if (folder === null) return null;
    const listing = await this.listing(folder);
    const plain = (name: string): string => name.normalize('NFC').toLowerCase();
    const [name, ...others] = [...listing.keys()].filter((candidate) => plain(candidate) === plain(basename(path)));
    return name === undefined || others.length > 0 ? null : join(folder, name);
  }

  /** The pictures of a clip. `indexOf` reads a frame's place from its name (null: not a frame); by default they are counted off. */
  async frames(folder: string, indexOf?: (name: string) => number | null): Promise<readonly FrameFile[]> {
    const names = (await this.files(folder)).filter(isImageName);
    if (indexOf === undefined) return names.map((name, index) => ({ index, path: join(folder, name) }));
    const frames = names.flatMap((name) => {
      const index = indexOf(name);
      return index === null ? [] : [{ index, path: join(folder, name) }];
    });
    return frames.sort((a, b) => a.index - b.index);
  }

  /** The first of these files or folders below `root` that is there. */
  async first(root: string, candidates: readonly string[]): Promise<string | null> {
    for (const candidate of candidates) {
      const path = join(root, candidate);
      if ((await this.hasFile(path)) || (await this.hasFolder(path))) return path;
    }
    return null;
  }

  /**
   * The same, for what the data set cannot be read without.
   * @throws FerError INPUT_NOT_FOUND
   */
  async required(root: string, candidates: readonly string[]): Promise<string> {
    const found = await this.first(root, candidates);
    if (found !== null) return found;
    await this.requiredFolder(root);
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${root}: contains no ${candidates.map((name) => `"${name}"`).join(' or ')}: give the root folder of the data set`,
    );
  }

  /** @throws FerError INPUT_NOT_FOUND for a missing folder */
  async requiredFolder(folder: string): Promise<void> {
    const about = await stat(folder).catch(() => null);
    if (about?.isDirectory() !== true)
      throw new FerError('INPUT_NOT_FOUND', `${folder}: no such folder: check the name`);
  }

  private listing(folder: string): Promise<ReadonlyMap<string, Entry>> {
    const known = this.listings.get(folder);
    if (known !== undefined) return known;
    const listing = list(folder);
    this.listings.set(folder, listing);
    return listing;
  }
}

async function list(folder: string): Promise<ReadonlyMap<string, Entry>> {
  const found = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const visible = found.filter(({ name }) => !name.startsWith('.')).sort((a, b) => naturalOrder(a.name, b.name));
  const entries = await Promise.all(
    visible.map(async (entry): Promise<[string, Entry] | null> => {
      if (!entry.isSymbolicLink()) return [entry.name, { name: entry.name, isFolder: entry.isDirectory() }];
      // Large sets are often linked in from another disk; a broken link is a missing file.
      const target = await stat(join(folder, entry.name)).catch(() => null);
      return target === null ? null : [entry.name, { name: entry.name, isFolder: target.isDirectory() }];
    }),
  );
  return new Map(entries.filter((entry) => entry !== null));
}

/** Every file below a folder, in natural order, folder by folder. */
export async function allFiles(folders: Folders, folder: string): Promise<readonly string[]> {
  const own = (await folders.files(folder)).map((name) => join(folder, name));
  const below = [];
  for (const name of await folders.subfolders(folder)) below.push(...(await allFiles(folders, join(folder, name))));
  return [...own, ...below];
}
