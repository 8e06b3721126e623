import { basename, extname, join, parse, relative, sep } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { isImageName, isVideoName } from '../../../ingest/media-names.js';
import { canonicalLabel } from '../label-maps.js';
import type { Split } from '../sample.js';
import { splitBySubject } from '../splits.js';
import type { Reading } from './define-reader.js';
import { allFiles } from './folder-listing.js';
import type { Folders } from './folder-listing.js';

/** The label of a class word: null to leave the class out, undefined for an unknown word. */
export type ClassOf = (word: string) => string | null | undefined;

/** A data set of class folders, with or without a folder for each split around them. */
export interface ClassTree {
  readonly parts: readonly { readonly path: string; readonly split: Split }[];
  readonly hasSplits: boolean;
  /** Folders beside it with classes of their own, which are not read. */
  readonly others: readonly string[];
}

/** Of names in lower case, their words divided. FER2013 calls its validation set "PublicTest". */
const SPLIT_WORDS: readonly [RegExp, Split][] = [
  [/(^|[^a-z])(train(ing)?)(set|data)?([^a-z]|$)/, 'train'],
  [/(^|[^a-z])(val|valid|validation|dev|public.?test)(set|data)?([^a-z]|$)/, 'valid'],
  [/(^|[^a-z])(test(ing)?|privatetest)(set|data)?([^a-z]|$)/, 'test'],
];
/** Pictures that cannot be read here; AffectNet and older sets have some. */
const OTHER_PICTURE = /\.(bmp|dib|heic|heif|jp2|jxl|pgm|ppm|tga)$/i;
/** Folders that may contain those of the splits: archives often unpack into one. */
const DEEPEST = 2;

/** Split of a folder name such as "train", "Val_AFEW", "TestSet" or "PrivateTest"; null without one. */
export function splitOfFolder(name: string): Split | null {
  const words = name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  return SPLIT_WORDS.find(([pattern]) => pattern.test(words))?.[1] ?? null;
}

/** "Happy" and "3_happy" by a set's own labels. */
export function classWord(word: string): string {
  return canonicalLabel(word.replace(/^\d+[\s._-]+(?=\D)/, ''));
}

/** Finds class folders below `root`, recognised by `classOf`; null if there are none. */
export async function findClassTree(
  folders: Folders,
  root: string,
  classOf: ClassOf,
  depth = DEEPEST,
): Promise<ClassTree | null> {
  const names = await folders.subfolders(root);
  const parts: { path: string; split: Split }[] = [];
  const others: string[] = [];
  for (const name of names) {
    const [path, split] = [join(root, name), splitOfFolder(name)];
    if (split === null) continue;
    if (await holdsClasses(folders, path, classOf)) parts.push({ path, split });
    else if (depth > 0) {
      // "Train/Train_Aligned_Faces", and archives unpacked into a folder of their own name.
      const tree = await findClassTree(folders, path, classOf, depth - 1);
      const inner = tree?.parts ?? [];
      others.push(...(tree?.others ?? []));
      const divided = new Set(inner.map((part) => part.split)).size > 1;
      parts.push(...inner.map((part) => (divided ? part : { path: part.path, split })));
    }
  }
  if (parts.length > 0) return { parts, hasSplits: true, others };
  if (await holdsClasses(folders, root, classOf))
    return { parts: [{ path: root, split: 'train' }], hasSplits: false, others };
  if (depth === 0) return null;
  let first: ClassTree | null = null;
  for (const name of names) {
    const tree = await findClassTree(folders, join(root, name), classOf, depth - 1);
    if (tree === null) continue;
    if (first === null) first = tree;
    else others.push(join(root, name));
  }
  return first === null ? null : { ...first, others: [...first.others, ...others] };
}

async function holdsClasses(folders: Folders, folder: string, classOf: ClassOf): Promise<boolean> {
  return (await folders.subfolders(folder)).some((name) => classOf(name) !== undefined);
}

export interface ClassFolderOptions {
  readonly classOf: ClassOf;
  /** For the message about a folder that is not a class. */
  readonly known: string;
  /** The person in a file of this name; null if unknown. */
  readonly subjectOf?: (name: string) => string | null;
  /** Split by subject, for sets without split folders; default: all "train". */
  readonly splitOf?: (subject: string | null) => Split;
  /** Read all splits, even if one is requested: for sets whose folders define the classes. */
  readonly allSplits?: boolean;
}

/** Reads class folders that hold images, videos, or folders of frames. */
export async function collectClassFolders(
  { root, folders, found, wants }: Reading,
  { parts, hasSplits, others }: ClassTree,
  { classOf, known, subjectOf = () => null, splitOf, allSplits = false }: ClassFolderOptions,
): Promise<void> {
  if (!hasSplits && splitOf === undefined) found.markUnsplit();
  for (const file of others)
    found.unreadable(
      { file, line: null },
      `is not read: ${parts[0]!.path} has the class folders. Give one of them, or list all files in a manifest`,
    );
  for (const { path: part, split: partSplit } of parts) {
    if (hasSplits && !allSplits && !wants(partSplit)) continue;
    for (const word of await folders.subfolders(part)) {
      const place = join(part, word);
      const label = classOf(word);
      if (label === undefined) {
        found.unreadable({ file: place, line: null }, `"${word}" is not a class; known are ${known}`);
        continue;
      }
      const names = await folders.files(place);
      if (label === null) {
        found.skip(`class "${word}"`, names.length);
        continue;
      }
      const fieldsOf = (name: string) => {
        const path = join(place, name);
        const subject = subjectOf(name);
        const split = hasSplits ? partSplit : (splitOf?.(subject) ?? partSplit);
        return { id: idOf(root, path), path, split, label, subject };
      };
      for (const name of names) {
        if (isImageName(name)) found.image(fieldsOf(name));
        else if (isVideoName(name)) found.clip(fieldsOf(name));
        else if (OTHER_PICTURE.test(name))
          found.skip(`${extname(name).toLowerCase()} picture: convert it to JPEG or PNG`);
      }
      const videos = new Set(names.filter(isVideoName).map((name) => parse(name).name));
      for (const name of await folders.subfolders(place)) {
        // Frames next to the video they were cut from are the same clip.
        if (videos.has(name)) continue;
        const frames = await folders.frames(join(place, name));
        if (frames.length === 0) found.missing({ file: join(place, name), line: null }, 'no picture in this folder');
        else found.clip({ ...fieldsOf(name), frames });
      }
    }
  }
}

/** The path below the root, with "/" on every system. */
function idOf(root: string, path: string): string {
  return path
    .slice(root.length)
    .replace(/^[\\/]+/, '')
    .replaceAll('\\', '/');
}

/** How the files of a set are named. */
export interface ImageNaming {
  /** With the groups `subject` and `code`. */
  readonly pattern: RegExp;
  /** Upper-case code to label. */
  readonly codes: ReadonlyMap<string, string>;
  readonly example: string;
  readonly folds: number;
}

/** Reads a set whose file names contain everything, in any folders; people are assigned to folds. */
export async function collectNamedImages(
  { root, fold, folders, found }: Reading,
  { pattern, codes, example, folds }: ImageNaming,
): Promise<void> {
  await folders.requiredFolder(root);
  const images: { id: string; path: string; label: string; subject: string }[] = [];
  for (const path of (await allFiles(folders, root)).filter(isImageName)) {
    const { subject, code } = pattern.exec(basename(path))?.groups ?? {};
    const label = codes.get(code?.toUpperCase() ?? '');
    if (subject === undefined || label === undefined)
      found.unreadable(
        { file: path, line: null },
        `the name is not like "${example}", with one of ${[...codes.keys()].join(', ')}`,
      );
    else images.push({ id: relative(root, path).split(sep).join('/'), path, label, subject: subject.toUpperCase() });
  }
  if (images.length === 0)
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${root}: contains no images named like "${example}": give the root folder of the data set`,
    );
  const splitOf = splitBySubject(
    images.map(({ subject }) => subject),
    fold,
    folds,
  );
  for (const image of images) found.image({ ...image, split: splitOf(image.subject) });
}

/** Whether most images below a folder are named so. */
export async function areNamed(folders: Folders, root: string, pattern: RegExp): Promise<boolean> {
  const images = (await allFiles(folders, root)).filter(isImageName);
  return images.filter((path) => pattern.test(basename(path))).length > images.length / 2;
}
