import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { isS3Address } from '../../storage/s3.js';
import { isImageName } from '../../ingest/media-names.js';
import type { Input } from '../../ingest/sources/frame-source.js';

export type NamedInput = Pick<Input, 'name'> & Partial<Pick<Input, 'kind'>>;

/** Bytes of a base name; the endings and the temporary names need the rest of the usual 255. */
export const LONGEST_NAME = 180;

export interface OutputNameOptions {
  /** With `endings`: no output may be one of the inputs itself. */
  readonly outputDir?: string;
  /** Endings of the formats that will be written: no two outputs may be the same file, nor one of BATCH_TABLES. */
  readonly endings?: readonly string[];
}

/** Tables over all inputs of a batch, in its output folder. */
export const BATCH_TABLES = { summary: 'summary.csv', combined: 'combined.csv' } as const;
const TABLES: ReadonlySet<string> = new Set(Object.values(BATCH_TABLES));

/**
 * Output base names for several inputs, in their order: always distinct (also where upper and lower case are the same), and the same
 * whenever the same inputs are given together. `clip.mp4` gives "clip"; where that is taken, "clip.mp4"; then the folders are put before it.
 * @param inputs paths, http(s) URLs, or "-" for stdin, as `name`.
 */
export function outputNames(inputs: readonly NamedInput[], options: OutputNameOptions = {}): string[] {
  const { outputDir, endings = [] } = options;
  const sources = new Set(inputs.map(({ name }) => fold(resolve(name))));
  const distinct = endings.length === 0 ? [''] : [...new Set(endings)];
  const filesOf = (base: string): string[] => distinct.map((ending) => fold(base + ending));
  const isTaken = (file: string): boolean =>
    TABLES.has(file) || (outputDir !== undefined && sources.has(fold(resolve(join(outputDir, file)))));

  const ladders = inputs.map(candidates);
  const rungs = ladders.map(() => 0);
  const names = (): string[] => ladders.map((ladder, index) => ladder[rungs[index]!]!);
  // All inputs that share an output get longer names together, so that no name depends on their order.
  for (;;) {
    const files = names().map(filesOf);
    const owners = new Map<string, number>();
    for (const file of files.flat()) owners.set(file, (owners.get(file) ?? 0) + 1);
    const climbing = ladders.flatMap((ladder, index) => {
      const isFree = files[index]!.every((file) => owners.get(file) === 1 && !isTaken(file));
      return isFree || rungs[index]! + 1 >= ladder.length ? [] : [index];
    });
    if (climbing.length === 0) return numbered(names(), filesOf, isTaken);
    for (const index of climbing) rungs[index]!++;
  }
}

/** Names that still collide (the same input twice) are numbered. */
function numbered(
  names: readonly string[],
  filesOf: (base: string) => readonly string[],
  isTaken: (file: string) => boolean,
): string[] {
  const written = new Set<string>();
  const wanted = new Set(names.flatMap(filesOf));
  return names.map((name) => {
    let candidate = name;
    const isFree = (file: string): boolean =>
      !written.has(file) && !isTaken(file) && (candidate === name || !wanted.has(file));
    for (let number = 2; !filesOf(candidate).every(isFree); number++) candidate = `${name}-${number}`;
    for (const file of filesOf(candidate)) written.add(file);
    return candidate;
  });
}

/** From the shortest to the most explicit: stem, full name, then both with one folder more each time. */
function candidates({ name, kind }: NamedInput): string[] {
  const { full, folders } = parts(name);
  // The name of a folder has no extension.
  const stem =
    kind === 'images' && !isImageName(full) ? full : full.slice(0, full.length - extname(full).length) || full;
  const list = [stem, full];
  let prefix = '';
  for (const folder of folders.toReversed()) {
    prefix = `${folder}-${prefix}`;
    list.push(prefix + stem, prefix + full);
  }
  return list.map(shortened);
}

/** The last part of a path or URL, and the folders that lead to it, outermost first. */
function parts(name: string): { full: string; folders: string[] } {
  if (name === '-') return { full: 'stdin', folders: [] };
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(name) && URL.canParse(name)) {
    // A key is not percent-encoded.
    const url = new URL(isS3Address(name) ? name.replace(/[?#%]/g, encodeURIComponent) : name);
    const path = url.pathname
      .split('/')
      .filter((part) => part !== '')
      .map(safePart);
    const query = url.search === '' ? [] : [safePart(url.search.slice(1))];
    const full = path.pop() ?? safePart(url.host);
    return { full, folders: [...query, safePart(url.host), ...path] };
  }
  const path = resolve(name);
  const folders = dirname(path)
    .split(sep)
    .map((folder) => folder.replaceAll(':', ''))
    .filter((folder) => folder !== '');
  return { full: basename(path) || 'root', folders };
}

/** A piece of a URL as a file name: letters and digits of any script, and what is harmless everywhere. */
function safePart(text: string): string {
  let decoded = text;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    // Not percent-encoded: kept unchanged.
  }
  return decoded.replace(/[^\p{L}\p{M}\p{N}._~-]+/gu, '_').replace(/^\.+/, '_') || '_';
}

/** Cut at a character, not inside of one. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= LONGEST_NAME) return name;
  let short = '';
  let bytes = 0;
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > LONGEST_NAME) break;
    short += character;
  }
  return short;
}

/** Names that a file system may take for one: case, and composed or decomposed letters. */
export function fold(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
