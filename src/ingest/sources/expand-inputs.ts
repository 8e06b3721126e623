import { readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { glob } from 'tinyglobby';
import { FerError } from '../../errors/fer-error.js';
import { exists } from '../../files/make-folder.js';
import type { Input } from './frame-source.js';
import { isImageName, isVideoName } from '../media-names.js';
import { naturalOrder } from '../media-names.js';

export interface ExpandedInputs {
  readonly inputs: readonly Input[];
  /** Arguments that gave no input, each with its reason; the others are not affected. */
  readonly failures: readonly { readonly name: string; readonly error: FerError }[];
  /** Videos left out because `ignore` said so. */
  readonly ignored: readonly string[];
}

/** Whether a video is left out. */
type Ignore = (path: string) => Promise<boolean>;

interface Search {
  readonly ignore: Ignore;
  readonly ignored: string[];
}

/**
 * What a command line's arguments stand for: files, folders (searched through; a folder with pictures and no footage is
 * one image sequence), globs, http(s) URLs, "-" for stdin. In the order of the arguments, naturally sorted within each,
 * every file once. Hidden files are skipped unless named. Never throws for a bad argument.
 */
export async function expandInputs(
  args: readonly string[],
  { ignore = () => Promise.resolve(false) }: { readonly ignore?: Ignore } = {},
): Promise<ExpandedInputs> {
  const search: Search = { ignore, ignored: [] };
  const found: Input[] = [];
  const failures: { name: string; error: FerError }[] = [];
  const seen = new Set<string>();
  for (const name of args) {
    try {
      for (const input of await expandArgument(name, search)) {
        const key = input.kind === 'file' || input.kind === 'images' ? await realpath(input.path) : input.path;
        if (seen.has(key)) continue;
        seen.add(key);
        found.push(input);
      }
    } catch (error) {
      failures.push({ name, error: FerError.from(error) });
    }
  }
  return { inputs: found, failures, ignored: search.ignored };
}

async function expandArgument(argument: string, search: Search): Promise<Input[]> {
  if (argument === '-') return [{ kind: 'stdin', path: '-', name: '-' }];
  if (/^https?:\/\//i.test(argument)) return [urlInput(argument)];
  if (/^file:\/\//i.test(argument)) return expandPath(fileURLToPath(argument), argument, search);
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(argument)?.[1];
  if (scheme !== undefined) {
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${argument}: ${scheme} addresses are not read as recorded footage: give a file or an http(s) URL`,
    );
  }
  // A file whose name happens to look like a pattern is that file.
  if (await exists(argument)) return expandPath(argument, argument, search);
  if (/[*?[\]{}!()]/.test(argument)) return expandGlob(argument, search);
  throw new FerError('INPUT_NOT_FOUND', `${argument}: no such file or folder: check the name`);
}

function urlInput(argument: string): Input {
  if (!URL.canParse(argument))
    throw new FerError('INPUT_NOT_FOUND', `${argument}: is not a valid address: check the spelling`);
  return { kind: 'url', path: new URL(argument).href, name: argument };
}

async function expandPath(path: string, name: string, search: Search): Promise<Input[]> {
  if (!(await stat(path)).isDirectory()) return fileInputs(path, name, search);
  const found = await searchFolder(path, name, new Set(), search);
  if (found.length === 0 && search.ignored.length === 0)
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${name}: holds no video and no pictures: give another folder, or the files themselves`,
    );
  return found;
}

async function fileInputs(path: string, name: string, { ignore, ignored }: Search): Promise<Input[]> {
  if (isImageName(path)) return [{ kind: 'images', path, name }];
  if (!(await ignore(path))) return [{ kind: 'file', path, name }];
  ignored.push(name);
  return [];
}

/** @param above real paths of the folders on the way here: links may lead back to one of them */
async function searchFolder(
  folder: string,
  name: string,
  above: ReadonlySet<string>,
  search: Search,
): Promise<Input[]> {
  const place = await realpath(folder);
  if (above.has(place)) return [];
  const way = new Set([...above, place]);
  const found: Input[] = [];
  let pictures = 0;
  let videos = 0;
  for (const entry of (await readdir(folder)).sort(naturalOrder)) {
    if (entry.startsWith('.')) continue;
    const path = join(folder, entry);
    const about = await stat(path).catch(() => null); // a link to nowhere
    if (about?.isDirectory() === true) {
      found.push(...(await searchFolder(path, join(name, entry), way, search)));
    } else if (about?.isFile() === true && isVideoName(entry)) {
      const video = await fileInputs(path, join(name, entry), search);
      videos += video.length;
      found.push(...video);
    } else if (about?.isFile() === true && isImageName(entry)) {
      pictures++;
    }
  }
  if (pictures > 0 && videos === 0) found.unshift({ kind: 'images', path: folder, name });
  return found;
}

async function expandGlob(pattern: string, search: Search): Promise<Input[]> {
  const portable = process.platform === 'win32' ? pattern.replaceAll('\\', '/') : pattern;
  const matches = (
    await glob(portable, { onlyFiles: false, expandDirectories: false, absolute: isAbsolute(pattern) })
  ).sort(naturalOrder);
  const found: Input[] = [];
  for (const match of matches) {
    const path = match.replace(/\/$/, '');
    if ((await stat(path)).isDirectory()) found.push(...(await searchFolder(path, path, new Set(), search)));
    else if (isVideoName(path) || isImageName(path)) found.push(...(await fileInputs(path, path, search)));
  }
  if (found.length === 0 && search.ignored.length === 0)
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${pattern}: matches no video and no picture: check the pattern, and quote it`,
    );
  return found;
}
