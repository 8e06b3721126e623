import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { isS3Address } from '../../storage/s3-address.js';
import { isImageName } from '../../ingest/media-names.js';
import type { Input } from '../../ingest/sources/frame-source.js';

export type NamedInput = Pick<Input, 'name'> & Partial<Pick<Input, 'kind'>>;

/** Bytes of a base name; the endings and the temporary names need the rest of the usual 255. */
const LONGEST_NAME = 180;

export interface OutputNameOptions {
  /** With `endings`: no output may be one of the inputs itself. */
  readonly outputDir?: string;
  /** Endings of the formats that will be written. */
  readonly endings?: readonly string[];
}

/**
 * Output base names for several inputs, in their order: always distinct (also where upper and lower case are the same), and the same
 * whenever the same inputs are given together. `clip.mp4` gives "clip"; where that is taken, "clip.mp4"; then the folders are put before it.
 * @param inputs paths, http(s) URLs, or "-" for stdin, as `name`.
 */
export function outputNames(inputs: readonly NamedInput[], options: OutputNameOptions = {}): string[] {
  const { outputDir, endings = [] } = options;
  const sources = new Set(inputs.map(({ name }) => fold(resolve(name))));
  const isSource = (base: string): boolean =>
    outputDir !== undefined && endings.some((ending) => sources.has(fold(resolve(join(outputDir, base + ending)))));

  const ladders = inputs.map(candidates);
  const rungs = ladders.map(() => 0);
  const names = (): string[] => ladders.map((ladder, index) => ladder[rungs[index]!]!);
  // All inputs that share a name get longer together, so that no name depends on their order.
  for (;;) {
    const current = names();
    let climbed = false;
    for (const group of sameNames(current)) {
      if (group.length === 1 && !isSource(current[group[0]!]!)) continue;
      for (const index of group) {
        if (rungs[index]! + 1 >= ladders[index]!.length) continue;
        rungs[index]!++;
        climbed = true;
      }
    }
    if (!climbed) return numbered(current, isSource);
  }
}

/** Indices of the names, those of equal ones together. */
function sameNames(names: readonly string[]): Iterable<readonly number[]> {
  const groups = new Map<string, number[]>();
  for (const [index, name] of names.entries()) {
    const group = groups.get(fold(name));
    if (group === undefined) groups.set(fold(name), [index]);
    else group.push(index);
  }
  return groups.values();
}

/** Names that still collide (the same input twice) are numbered. */
function numbered(names: readonly string[], isSource: (base: string) => boolean): string[] {
  const taken = new Set<string>();
  const reserved = new Set(names.map(fold));
  return names.map((name) => {
    let candidate = name;
    for (
      let number = 2;
      taken.has(fold(candidate)) || isSource(candidate) || (candidate !== name && reserved.has(fold(candidate)));
      number++
    ) {
      candidate = `${name}-${number}`;
    }
    taken.add(fold(candidate));
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
