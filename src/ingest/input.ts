import { basename, dirname, extname, resolve } from 'node:path';
import { isImageName, isVideoName } from './media-extensions.js';

/** One thing to annotate. */
export interface Input {
  readonly kind: 'file' | 'images' | 'url' | 'stdin';
  /** File, folder or picture path; URL; "-" for stdin. */
  readonly path: string;
  /** As the user named it; for what was found in a folder, the folder as named and the way from there. */
  readonly name: string;
  /** What output files are called, without folder and ending; no two inputs of one expansion share it. */
  readonly stem: string;
}

export type StemlessInput = Omit<Input, 'stem'>;

/** What an input itself is called: the last part of a path or URL. */
export function ownName({ kind, path }: StemlessInput): string {
  if (kind === 'stdin') return 'stdin';
  if (kind !== 'url') return basename(resolve(path));
  const { pathname, hostname } = new URL(path);
  return decoded(pathname.split('/').findLast((part) => part !== '') ?? hostname);
}

/** What the folder around an input is called; empty where there is none. */
export function folderName({ kind, path }: StemlessInput): string {
  if (kind === 'stdin') return '';
  if (kind === 'url') return new URL(path).hostname;
  return basename(dirname(resolve(path)));
}

/** `ownName` without the ending that tells the kind of media. */
export function nameWithoutEnding(input: StemlessInput): string {
  const name = ownName(input);
  return isVideoName(name) || isImageName(name) || input.kind === 'file' ? name.slice(0, name.length - extname(name).length) : name;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
