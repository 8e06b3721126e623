import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { glob } from 'tinyglobby';
import { FerError } from '../../errors/fer-error.js';
import { exists } from '../../files/write-error.js';
import { headObject, isS3Address, listObjects, parseS3Address, s3Address } from '../../storage/s3.js';
import type { ObjectInfo } from '../../storage/s3.js';
import { withoutUser } from '../ffmpeg/url-relay.js';
import { isImageName, isVideoName, naturalOrder } from '../media-names.js';
import { NOT_UTF8, inputError, notAFile } from '../probe/refusal.js';
import type { Input } from './frame-source.js';

export interface InputFailure {
  readonly name: string;
  readonly error: FerError;
}

/** What was found and is no input of its own. */
export interface Ignored {
  readonly name: string;
  readonly reason: string;
}

export interface ExpandedInputs {
  readonly inputs: readonly Input[];
  /** Arguments that gave no input, and what was found in a folder but cannot be read, each with its reason; the others are not affected. */
  readonly failures: readonly InputFailure[];
  /** Videos left out because `ignore` said so, and pictures beside videos. */
  readonly ignored: readonly Ignored[];
}

/** Why a video is left out; null if it is not. */
type Ignore = (path: string) => Promise<string | null>;

interface Search {
  readonly ignore: Ignore;
  readonly ignored: Ignored[];
  readonly failures: InputFailure[];
}

/** Callers from JavaScript are not held by the type. */
function isList(args: unknown): boolean {
  return Array.isArray(args);
}

/**
 * What a command line's arguments stand for: files, folders (searched through; a folder with pictures and no footage is
 * one image sequence), globs, http(s) URLs, objects and folders of object storage (s3://), "-" for stdin. In the order of the arguments, naturally sorted within each,
 * every file once. Hidden files are skipped unless named. Never throws for a bad argument or an unreadable part of a folder.
 * @throws FerError USAGE for what is no list
 */
export async function expandInputs(
  args: readonly string[],
  { ignore = () => Promise.resolve(null) }: { readonly ignore?: Ignore } = {},
): Promise<ExpandedInputs> {
  // A text is a list of characters, of which "/" stands for the whole disk.
  if (!isList(args)) throw new FerError('USAGE', `${String(args)}: is no list of inputs; give ['clip.mp4']`);
  const search: Search = { ignore, ignored: [], failures: [] };
  const found: Input[] = [];
  const seen = new Set<string>();
  const attempt = async (name: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      search.failures.push({ name, error: inputError(name, error) });
    }
  };
  for (const argument of args) {
    await attempt(argument, async () => {
      for (const input of await expandArgument(argument, search)) {
        await attempt(input.name, async () => {
          const key = input.kind === 'file' || input.kind === 'images' ? await realpath(input.path) : input.path;
          if (seen.has(key)) return;
          seen.add(key);
          found.push(input);
        });
      }
    });
  }
  return { inputs: found, failures: search.failures, ignored: search.ignored };
}

async function expandArgument(argument: string, search: Search): Promise<Input[]> {
  if (argument === '-') return [{ kind: 'stdin', path: '-', name: '-' }];
  if (/^https?:\/\//i.test(argument)) return [urlInput(argument)];
  if (isS3Address(argument)) return expandObjects(argument, search);
  if (/^file:\/\//i.test(argument)) {
    const path = fileURLToPath(argument);
    // Everything later takes names of files for paths.
    return expandPath(path, path, search);
  }
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(argument)?.[1];
  if (scheme !== undefined) {
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${argument}: ${scheme} addresses are not read as recorded footage: give a file, an http(s) URL or s3://bucket/key`,
    );
  }
  // A file whose name happens to look like a pattern is that file.
  if (await exists(argument)) return expandPath(argument, argument, search);
  if (/[*?[\]{}!()]/.test(argument)) return expandGlob(argument, search);
  // Says why it cannot be looked at.
  return expandPath(argument, argument, search);
}

/** Overlays that ferstream made are recognised by their names: reading them takes a request each. */
async function expandObjects(argument: string, { ignore, ignored }: Search): Promise<Input[]> {
  const found: Input[] = [];
  for (const input of await expandS3(argument)) {
    const reason = input.path === argument ? null : await ignore(input.path);
    if (reason === null) found.push(input);
    else ignored.push({ name: input.name, reason });
  }
  return found;
}

function urlInput(argument: string): Input {
  if (!URL.canParse(argument))
    throw new FerError('INPUT_NOT_FOUND', `${argument}: is not a valid address: check the spelling`);
  // What results say of their input: without user name and password.
  return { kind: 'url', path: new URL(argument).href, name: withoutUser(argument).address };
}

async function expandPath(path: string, name: string, search: Search): Promise<Input[]> {
  const about = await stat(path);
  if (!about.isDirectory()) return fileInputs(path, name, about, search);
  const said = search.failures.length + search.ignored.length;
  const found = await searchFolder(path, name, new Set(), search);
  if (found.length === 0 && search.failures.length + search.ignored.length === said)
    throw new FerError('INPUT_NOT_FOUND', `${name}: contains no video and no pictures: give another folder or files`);
  return found;
}

async function fileInputs(path: string, name: string, about: Stats, { ignore, ignored }: Search): Promise<Input[]> {
  if (!about.isFile()) throw notAFile(name, about);
  if (isImageName(path)) return [{ kind: 'images', path, name }];
  const reason = await ignore(path);
  if (reason === null) return [{ kind: 'file', path, name }];
  ignored.push({ name, reason });
  return [];
}

/**
 * What cannot be read is a failure, and the search continues.
 * @param above real paths of the folders on the way here: links may lead back to one of them
 */
async function searchFolder(
  folder: string,
  name: string,
  above: ReadonlySet<string>,
  search: Search,
): Promise<Input[]> {
  const found: Input[] = [];
  let pictures = 0;
  let videos = 0;
  try {
    const place = await realpath(folder);
    if (above.has(place)) return [];
    const way = new Set([...above, place]);
    for (const entry of await entriesOf(folder)) {
      if (entry.name.startsWith('.')) continue;
      const path = join(folder, entry.name);
      const inputName = join(name, entry.name);
      const isMedia = isVideoName(entry.name) || isImageName(entry.name);
      try {
        if (!entry.isUtf8) {
          if (!isMedia && !(await isFolder(folder, entry.bytes))) continue;
          throw new FerError('INPUT_UNREADABLE', `${inputName}: ${NOT_UTF8}`);
        }
        const about = await stat(path);
        if (about.isDirectory()) {
          found.push(...(await searchFolder(path, inputName, way, search)));
        } else if (isVideoName(entry.name)) {
          const video = await fileInputs(path, inputName, about, search);
          videos += video.length;
          found.push(...video);
        } else if (isImageName(entry.name)) pictures++;
      } catch (error) {
        // A picture keeps its place in the sequence of its folder, where it has a row with the reason.
        if (isImageName(entry.name)) pictures++;
        else if (isMedia || !isMissing(error))
          search.failures.push({ name: inputName, error: entryError(inputName, error) });
      }
    }
  } catch (error) {
    search.failures.push({ name, error: inputError(name, error) });
  }
  if (pictures > 0 && videos === 0) found.unshift({ kind: 'images', path: folder, name });
  else if (pictures > 0) {
    const which = pictures === 1 ? 'one picture beside videos' : `${pictures} pictures beside videos`;
    search.ignored.push({ name, reason: `${which}: to annotate pictures there, give their names` });
  }
  return found;
}

interface Entry {
  readonly name: string;
  readonly bytes: Buffer;
  readonly isUtf8: boolean;
}

async function isFolder(parent: string, name: Buffer): Promise<boolean> {
  return (await stat(Buffer.concat([Buffer.from(`${parent}/`), name]))).isDirectory();
}

/** In natural order. Names are read as bytes: Node's own decoding replaces what is not UTF-8, and such a name cannot be opened. */
async function entriesOf(folder: string): Promise<Entry[]> {
  const names = await readdir(folder, { encoding: 'buffer' });
  return names
    .map((bytes) => {
      const name = bytes.toString();
      return { name, bytes, isUtf8: Buffer.from(name).equals(bytes) };
    })
    .sort((a, b) => naturalOrder(a.name, b.name));
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** A listed name that cannot be opened is a broken link. */
function entryError(name: string, error: unknown): FerError {
  if (!isMissing(error)) return inputError(name, error);
  return new FerError('INPUT_NOT_FOUND', `${name}: is a link to a file that does not exist: repair or remove it`, {
    cause: error,
  });
}

async function expandGlob(pattern: string, search: Search): Promise<Input[]> {
  const portable = process.platform === 'win32' ? pattern.replaceAll('\\', '/') : pattern;
  const matches = (
    await glob(portable, { onlyFiles: false, expandDirectories: false, absolute: isAbsolute(pattern) })
  ).sort(naturalOrder);
  const said = search.failures.length + search.ignored.length;
  const found: Input[] = [];
  for (const match of matches) {
    const path = match.replace(/\/$/, '');
    try {
      const about = await stat(path);
      if (about.isDirectory()) found.push(...(await searchFolder(path, path, new Set(), search)));
      else if (isVideoName(path) || isImageName(path)) found.push(...(await fileInputs(path, path, about, search)));
    } catch (error) {
      search.failures.push({ name: path, error: inputError(path, error) });
    }
  }
  if (found.length === 0 && search.failures.length + search.ignored.length === said)
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${pattern}: matches no video and no picture: check the pattern, and quote it`,
    );
  return found;
}

/**
 * The inputs of an s3:// argument: an object, or the videos of a folder and its folders, in natural order. Hidden names are left out.
 * @throws FerError INPUT_NOT_FOUND, STORAGE_FAILED, PACKAGE_MISSING
 */
async function expandS3(argument: string): Promise<Input[]> {
  const { key, bucket } = parseS3Address(argument);
  if (key !== '' && !key.endsWith('/')) {
    const object = await headObject(argument);
    if (object !== null) return [inputOf(object)];
  }
  const videos: Input[] = [];
  let pictures = 0;
  for await (const object of listObjects(argument)) {
    const name = parseS3Address(object.address).key.slice(key.length);
    if (/(^|\/)\./.test(name)) continue;
    if (isVideoName(name)) videos.push(inputOf(object));
    else if (isImageName(name)) pictures += 1;
  }
  if (videos.length > 0) return videos.sort((a, b) => naturalOrder(a.path, b.path));
  const place = s3Address({ bucket, key });
  throw new FerError(
    'INPUT_NOT_FOUND',
    pictures > 0
      ? `${place}: contains only pictures, which are not read from object storage: copy them to a folder`
      : `${place}: is not an object and contains no video: check the address`,
  );
}

function inputOf({ address, version }: ObjectInfo): Input {
  return { kind: 'url', path: address, name: address, version };
}
