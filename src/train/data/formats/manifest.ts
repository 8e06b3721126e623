import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { isImageName, isVideoName } from '../../../ingest/media-names.js';
import { Collector } from '../reading/define-reader.js';
import type { Dataset, DatasetReader, ReadOptions, Split } from '../sample.js';
import { splitOfFolder } from '../reading/layouts.js';
import { Folders } from '../reading/folder-listing.js';
import { plainWord, readClassWords } from '../class-words.js';
import type { ClassWords } from '../class-words.js';
import { readIndex } from '../read-csv.js';
import { canonicalLabel, labelSetFor } from '../label-maps.js';
import { readManifestRows } from './manifest-rows.js';
import type { ManifestRow } from './manifest-rows.js';

const NAMES = ['manifest.csv', 'manifest.jsonl', 'manifest.tsv'];
const IGNORED = new Set(['', '-1', '-', 'ignore']);

/** Own data: a table of paths and labels next to the footage. `root` is the table itself, or a folder with one called manifest.csv or manifest.jsonl. */
export const manifest: DatasetReader = {
  name: 'manifest',
  title: 'own data with a manifest',
  labels: null,
  folds: 0,
  fits: async (root) => (await new Folders().first(resolve(root), NAMES)) !== null,
  read: readManifest,
};

async function readManifest(root: string, { split, fold, labels: labelFile }: ReadOptions = {}): Promise<Dataset> {
  if (fold !== undefined)
    throw new FerError(
      'CONFIG_INVALID',
      `manifest: a manifest has no folds: leave out fold ${fold}, or name splits in it`,
    );
  const folders = new Folders();
  const file = await manifestFile(resolve(root), folders);
  const found = new Collector();
  const seen = new Map<string, number>();
  const labels: string[] = [];
  const noteLabel = (label: string): string => {
    if (!labels.includes(label)) labels.push(label);
    return label;
  };
  const words = labelFile === undefined ? null : await readClassWords(labelFile);
  const rows = await readManifestRows(file, found);
  const aligned = await areAlignedClips(dirname(file));
  if (rows.every((row) => row.split.trim() === '')) found.markUnsplit();
  for (const row of rows) {
    const truth = await readTruth(row, file, labelOf(words));
    const part = splitNamed(row.split);
    const span = readSpan(row);
    const problem =
      typeof truth === 'string'
        ? truth
        : part === null
          ? `split "${row.split}" is none of train, valid, test`
          : typeof span === 'string'
            ? span
            : null;
    if (typeof truth === 'string' || part === null || typeof span === 'string') {
      found.unreadable({ file, line: row.line }, problem ?? '');
      continue;
    }
    const place = await placeOf(dirname(file), row.path, folders);
    // Several stretches of one video are several samples, named alike whatever split is read.
    const times = (seen.get(place) ?? 0) + 1;
    seen.set(place, times);
    if (split !== undefined && part !== split) continue;
    const path = resolve(dirname(file), place);
    const media = await mediaAt(path, folders);
    if (media === null) {
      found.missing({ file, line: row.line }, `no picture, video or folder of pictures at ${row.path}`);
      continue;
    }
    if (truth.label !== null) noteLabel(truth.label);
    for (const label of truth.frameLabels ?? []) if (label !== null) noteLabel(label);
    const id = times === 1 ? place : `${place}#${times}`;
    const fields = {
      id,
      path,
      frames: media.frames,
      split: part,
      subject: row.subject === '' ? null : row.subject,
      ...truth,
      ...span,
    };
    if (media.isImage) found.image(fields);
    else found.clip({ ...fields, ...(aligned && media.frames !== null && { aligned }) });
  }
  return found.dataset('manifest', labelSetFor('manifest', labels));
}

/** The options of synthetic clips, next to their manifest. */
export const SYNTHESIS_FILE = 'synthetic.json';

/** Whether a manifest's folder holds synthetic clips of prepared crops: their faces are aligned, though they are pictures in folders. */
export async function areAlignedClips(folder: string): Promise<boolean> {
  try {
    const { aligned } = JSON.parse(await readFile(join(folder, SYNTHESIS_FILE), 'utf8')) as { aligned?: unknown };
    return aligned === true;
  } catch {
    return false; // other clips have no such file
  }
}

async function manifestFile(root: string, folders: Folders): Promise<string> {
  const about = await stat(root).catch(() => null);
  return about?.isFile() === true ? root : folders.required(root, NAMES);
}

/** The path on this system: Windows writes backslashes and ignores case. */
async function placeOf(folder: string, written: string, folders: Folders): Promise<string> {
  for (const path of [written, written.replaceAll('\\', '/')]) {
    const place = await folders.similar(resolve(folder, path));
    if (place === resolve(folder, path)) return path;
    if (place !== null) return relative(folder, place).split(sep).join('/');
  }
  return written.replaceAll('\\', '/');
}

/** The label of a word; null to leave the class out. */
type LabelOf = (word: string) => string | null;

function labelOf(words: ClassWords | null): LabelOf {
  return (word) => {
    const known = words?.get(plainWord(word));
    return known === undefined ? canonicalLabel(word) : known;
  };
}

async function mediaAt(path: string, folders: Folders) {
  if (await folders.hasFile(path)) {
    if (isImageName(path)) return { isImage: true, frames: null };
    return isVideoName(path) ? { isImage: false, frames: null } : null;
  }
  const frames = await folders.frames(path);
  return frames.length > 0 ? { isImage: false, frames } : null;
}

/** The row's label, or a text about its problem. */
async function readTruth(
  { label, frameLabels }: ManifestRow,
  file: string,
  labelFor: LabelOf,
): Promise<{ label: string | null; frameLabels: (string | null)[] | null } | string> {
  if (frameLabels === null) {
    if (label.trim() === '') return 'has no label';
    const meant = labelFor(label);
    return meant === null ? `label "${label}" is left out` : { label: meant, frameLabels: null };
  }
  if (label.trim() !== '') return 'has both label and frameLabels: give one of them';
  const names = typeof frameLabels === 'string' ? await labelFile(join(dirname(file), frameLabels)) : frameLabels;
  if (names === null) return `the file of frame labels ${String(frameLabels)} cannot be read`;
  const read = names.map((name) => (name === null || IGNORED.has(name.trim().toLowerCase()) ? null : labelFor(name)));
  return read.some((name) => name !== null) ? { label: null, frameLabels: read } : 'none of its frames has a label';
}

/** One label a line, one line a frame; a blank line is a frame to ignore. */
async function labelFile(path: string): Promise<string[] | null> {
  const text = await readIndex(path).catch(() => null);
  if (text === null) return null;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function splitNamed(name: string): Split | null {
  return name.trim() === '' ? 'train' : splitOfFolder(name.trim());
}

function readSpan({ start, end }: ManifestRow): { startSeconds: number | null; endSeconds: number | null } | string {
  const startSeconds = start.trim() === '' ? null : secondsOf(start);
  const endSeconds = end.trim() === '' ? null : secondsOf(end);
  for (const [name, value] of [
    ['start', startSeconds],
    ['end', endSeconds],
  ] as const) {
    if (value !== null && !(Number.isFinite(value) && value >= 0))
      return `${name} is not a time in seconds, or as hours:minutes:seconds`;
  }
  if (endSeconds !== null && endSeconds <= (startSeconds ?? 0)) return 'end is not after start';
  return { startSeconds, endSeconds };
}

/** "75.5", "75,5" or "0:01:15.5"; NaN for anything else. */
function secondsOf(text: string): number {
  const parts = text.trim().replace(',', '.').split(':');
  if (parts.length > 3 || parts.some((part) => !/^\d+(\.\d+)?(e-\d+)?$/.test(part.trim()))) return NaN;
  return parts.reduce((seconds, part) => seconds * 60 + Number(part), 0);
}
