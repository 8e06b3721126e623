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
}

/**
 * What a command line's arguments stand for: files, folders (searched through; a folder with pictures and no footage is
 * one image sequence), globs, http(s) URLs, "-" for stdin. In the order of the arguments, naturally sorted within each,
 * every file once. Hidden files are skipped unless named. Never throws for a bad argument.
 */
export async function expandInputs(args: readonly string[]): Promise<ExpandedInputs> {
  const found: Input[] = [];
  const failures: { name: string; error: FerError }[] = [];
  const seen = new Set<string>();
  for (const name of args) {
    try {
      for (const input of await expandArgument(name)) {
        const key = input.kind === 'file' || input.kind === 'images' ? await realpath(input.path) : input.path;
        if (seen.has(key)) continue;
        seen.add(key);
        found.push(input);
      }
    } catch (error) {
      failures.push({ name, error: FerError.from(error) });
    }
  }
  return { inputs: found, failures };
}

async function expandArgument(argument: string): Promise<Input[]> {
  if (argument === '-') return [{ kind: 'stdin', path: '-', name: '-' }];
  if (/^https?:\/\//i.test(argument)) return [urlInput(argument)];
  if (/^file:\/\//i.test(argument)) return expandPath(fileURLToPath(argument), argument);
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(argument)?.[1];
  if (scheme !== undefined) {
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${argument}: ${scheme} addresses are not read as recorded footage: give a file or an http(s) URL`,
    );
  }
  // A file whose name happens to look like a pattern is that file.
  if (await exists(argument)) return expandPath(argument, argument);
  if (/[*?[\]{}!()]/.test(argument)) return expandGlob(argument);
  throw new FerError('INPUT_NOT_FOUND', `${argument}: no such file or folder: check the name`);
}

function urlInput(argument: string): Input {
  if (!URL.canParse(argument))
    throw new FerError('INPUT_NOT_FOUND', `${argument}: is no address: check how it is written`);
  return { kind: 'url', path: new URL(argument).href, name: argument };
}

async function expandPath(path: string, name: string): Promise<Input[]> {
  if (!(await stat(path)).isDirectory()) return [fileInput(path, name)];
  const found = await searchFolder(path, name, new Set());
  if (found.length === 0)
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${name}: holds no video and no pictures: give another folder, or the files themselves`,
    );
  return found;
}

function fileInput(path: string, name: string): Input {
  return { kind: isImageName(path) ? 'images' : 'file', path, name };
}

/** @param above real paths of the folders on the way here: links may lead back to one of them */
async function searchFolder(folder: string, name: string, above: ReadonlySet<string>): Promise<Input[]> {
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
      found.push(...(await searchFolder(path, join(name, entry), way)));
    } else if (about?.isFile() === true && isVideoName(entry)) {
      videos++;
      found.push({ kind: 'file', path, name: join(name, entry) });
    } else if (about?.isFile() === true && isImageName(entry)) {
      pictures++;
    }
  }
  if (pictures > 0 && videos === 0) found.unshift({ kind: 'images', path: folder, name });
  return found;
}

async function expandGlob(pattern: string): Promise<Input[]> {
  const portable = process.platform === 'win32' ? pattern.replaceAll('\\', '/') : pattern;
  const matches = (
    await glob(portable, { onlyFiles: false, expandDirectories: false, absolute: isAbsolute(pattern) })
  ).sort(naturalOrder);
  const found: Input[] = [];
  for (const match of matches) {
    const path = match.replace(/\/$/, '');
    if ((await stat(path)).isDirectory()) found.push(...(await searchFolder(path, path, new Set())));
    else if (isVideoName(path) || isImageName(path)) found.push(fileInput(path, path));
  }
  if (found.length === 0)
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${pattern}: matches no video and no picture: check the pattern, and quote it`,
    );
  return found;
}
