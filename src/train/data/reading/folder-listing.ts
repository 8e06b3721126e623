import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, parse, relative } from 'node:path';
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
 * name with any video ending, in upper or lower case. Null where there is none; an empty folder is none.
 */
export async function clipMedia(folders: Folders, places: readonly string[]): Promise<ClipMedia | null> {
  for (const written of places) {
    const place = (await folders.similar(written)) ?? written;
    const frames = await folders.frames(place);
    if (frames.length > 0) return { path: place, frames };
    if (isVideoName(place) && (await folders.hasFile(place))) return { path: place, frames: null };
    const video = await folders.first(
      dirname(place),
      VIDEO_ENDINGS.map((ending) => basename(place) + ending),
    );
    if (video !== null && (await folders.hasFile(video))) return { path: video, frames: null };
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

/** What systems and archive programs leave next to the data; the copies of a Mac's archive have the names of the real folders. */
const NOT_DATA = new Set(['__MACOSX', '@eaDir', '$RECYCLE.BIN', 'System Volume Information', 'lost+found']);
/** Endings of archives that sets are handed out in. */
const ARCHIVES = ['.zip', '.zip.001', '.rar', '.7z', '.tar', '.tar.gz', '.tgz'];

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

interface Listing {
  readonly entries: ReadonlyMap<string, Entry>;
  /** By name without case and way of writing accents; null where several differ only in that. */
  readonly similar: ReadonlyMap<string, string | null>;
}

/** Listing of a data set's folders. Each is read once: sets have hundreds of thousands of rows. */
export class Folders {
  private readonly listings = new Map<string, Promise<Listing>>();

  /** The visible entries in natural order; none for a missing folder. */
  async entries(folder: string): Promise<readonly Entry[]> {
    return [...(await this.listing(folder)).entries.values()];
  }

  async subfolders(folder: string): Promise<readonly string[]> {
    return (await this.entries(folder)).filter((entry) => entry.isFolder).map(({ name }) => name);
  }

  async files(folder: string): Promise<readonly string[]> {
    return (await this.entries(folder)).filter((entry) => !entry.isFolder).map(({ name }) => name);
  }

  async hasFile(path: string): Promise<boolean> {
    const entry = (await this.listing(dirname(path))).entries.get(basename(path));
    return entry !== undefined && !entry.isFolder;
  }

  async hasFolder(path: string): Promise<boolean> {
    return (await this.listing(dirname(path))).entries.get(basename(path))?.isFolder === true;
  }

  /** The path if something is there, else the only one that differs from it in case or in the way accents are written; null for none. */
  async similar(path: string): Promise<string | null> {
    const known = (await this.listing(dirname(path))).entries;
    if (known.has(basename(path))) return path;
    if (dirname(path) === path) return null;
    const folder = known.size > 0 ? dirname(path) : await this.similar(dirname(path));
    if (folder === null) return null;
    const name = (await this.listing(folder)).similar.get(plainName(basename(path))) ?? null;
    return name === null ? null : join(folder, name);
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

  /** The first of these files or folders below `root` that is there; names as written go before names that differ in case. */
  async first(root: string, candidates: readonly string[]): Promise<string | null> {
    for (const candidate of candidates) {
      const path = join(root, candidate);
      if ((await this.hasFile(path)) || (await this.hasFolder(path))) return path;
    }
    for (const candidate of candidates) {
      const path = await this.similar(join(root, candidate));
      if (path !== null) return path;
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
    const archive = await this.first(
      root,
      candidates.flatMap((name) => ARCHIVES.map((ending) => name + ending)),
    );
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${root}: contains no ${candidates.map((name) => `"${name}"`).join(' or ')}: ${archive === null ? 'give the root folder of the data set' : `unpack ${relative(root, archive)}`}`,
    );
  }

  /**
   * All of these folders below `root` that are there, and those of the same name in them: many archives unpack to a folder in the folder made for them.
   * @throws FerError INPUT_NOT_FOUND without any
   */
  async requiredFolders(root: string, candidates: readonly string[]): Promise<readonly string[]> {
    await this.required(root, candidates);
    const there: string[] = [];
    for (const candidate of candidates) {
      const folder = await this.similar(join(root, candidate));
      if (folder === null) continue;
      there.push(folder);
      const inner = await this.similar(join(folder, basename(folder)));
      if (inner !== null) there.push(inner);
    }
    return there;
  }

  /** @throws FerError INPUT_NOT_FOUND for a missing folder */
  async requiredFolder(folder: string): Promise<void> {
    const about = await stat(folder).catch(() => null);
    if (about?.isDirectory() !== true)
      throw new FerError('INPUT_NOT_FOUND', `${folder}: no such folder: check the name`);
  }

  private listing(folder: string): Promise<Listing> {
    const known = this.listings.get(folder);
    if (known !== undefined) return known;
    const listing = list(folder);
    this.listings.set(folder, listing);
    return listing;
  }
}

function plainName(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

async function list(folder: string): Promise<Listing> {
  const found = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const visible = found
    .filter(({ name }) => !name.startsWith('.') && !NOT_DATA.has(name))
    .sort((a, b) => naturalOrder(a.name, b.name));
  const entries = await Promise.all(
    visible.map(async (entry): Promise<[string, Entry] | null> => {
      if (!entry.isSymbolicLink()) return [entry.name, { name: entry.name, isFolder: entry.isDirectory() }];
      // Large sets are often linked in from another disk; a broken link is a missing file.
      const target = await stat(join(folder, entry.name)).catch(() => null);
      return target === null ? null : [entry.name, { name: entry.name, isFolder: target.isDirectory() }];
    }),
  );
  const known = new Map(entries.filter((entry) => entry !== null));
  const similar = new Map<string, string | null>();
  for (const name of known.keys()) similar.set(plainName(name), similar.has(plainName(name)) ? null : name);
  return { entries: known, similar };
}

/** Every file below a folder, in natural order, folder by folder. */
export async function allFiles(folders: Folders, folder: string): Promise<readonly string[]> {
  const own = (await folders.files(folder)).map((name) => join(folder, name));
  const below = [];
  for (const name of await folders.subfolders(folder)) below.push(...(await allFiles(folders, join(folder, name))));
  return [...own, ...below];
}
