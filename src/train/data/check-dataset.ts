import { readFile, stat } from 'node:fs/promises';
import sharp from 'sharp';
import { isImageName } from '../../ingest/media-names.js';
import { contentKeys, filesOf, forEachLimited } from './content.js';
import { labelAt } from './sample.js';
import type { Dataset, DatasetProblem, Sample, Split } from './sample.js';

/** How many pictures are decoded at once. */
const DECODED_AT_ONCE = 8;

/** By split. */
export type SplitCounts = Readonly<Partial<Record<Split, number>>>;

export interface ClassCounts {
  readonly label: string;
  /** Images, and clips with one label. */
  readonly samples: SplitCounts;
  /** Frames of clips that are labelled by frame. */
  readonly frames: SplitCounts;
}

/** Samples with the same bytes. */
export interface DuplicateGroup {
  readonly ids: readonly string[];
  readonly splits: readonly Split[];
  /** More than one where copies contradict each other. */
  readonly labels: readonly string[];
}

export interface UnreadableFile {
  readonly path: string;
  readonly message: string;
}

export interface DatasetReport {
  readonly name: string;
  readonly splits: readonly Split[];
  readonly images: number;
  readonly clips: number;
  readonly classes: readonly ClassCounts[];
  /** How many people are seen, by split; none where the set does not say. */
  readonly subjects: SplitCounts;
  readonly subjectsAcrossSplits: readonly { readonly subject: string; readonly splits: readonly Split[] }[];
  /** Null where files were not read. */
  readonly duplicates: readonly DuplicateGroup[] | null;
  /** Null where files were not read. */
  readonly unreadableFiles: readonly UnreadableFile[] | null;
  readonly problems: readonly DatasetProblem[];
  readonly leftOut: Readonly<Record<string, number>>;
}

export interface CheckOptions {
  /** Read every file, for duplicates and damage (default); false counts only. */
  readonly readFiles?: boolean;
  /** Called as files are read; each is read twice, once for duplicates and once for damage. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Contents and problems of a data set. Pictures are decoded; videos are only hashed. */
export async function checkDataset(
  dataset: Dataset,
  { readFiles = true, onProgress }: CheckOptions = {},
): Promise<DatasetReport> {
  const { name, splits, samples, problems, leftOut } = dataset;
  const splitsOf = new Map<string, Set<Split>>();
  for (const { subject, split } of samples) {
    if (subject !== null) splitsOf.set(subject, (splitsOf.get(subject) ?? new Set()).add(split));
  }
  const files = samples.flatMap(filesOf);
  const uniqueFiles = [...new Set(files)];
  let done = 0;
  const onRead = (count: number): void => {
    done += count;
    onProgress?.(done, files.length + uniqueFiles.length);
  };
  if (readFiles) onRead(0);
  const subjects = [...splitsOf].map(([subject, own]) => ({
    subject,
    splits: splits.filter((split) => own.has(split)),
  }));
  return {
    name,
    splits,
    images: samples.filter(({ kind }) => kind === 'image').length,
    clips: samples.filter(({ kind }) => kind === 'clip').length,
    classes: countClasses(dataset),
    subjects: Object.fromEntries(
      splits
        .map((split) => [split, subjects.filter((subject) => subject.splits.includes(split)).length])
        .filter(([, count]) => count !== 0),
    ) as SplitCounts,
    subjectsAcrossSplits: subjects.filter((subject) => subject.splits.length > 1),
    duplicates: readFiles ? await findDuplicates(dataset, onRead) : null,
    unreadableFiles: readFiles ? await findUnreadable(uniqueFiles, onRead) : null,
    problems,
    leftOut,
  };
}

function countClasses({ labels, samples }: Dataset): ClassCounts[] {
  type Counting = Partial<Record<Split, number>>;
  const counts = labels.labels.map((label): { label: string; samples: Counting; frames: Counting } => ({
    label,
    samples: {},
    frames: {},
  }));
  const add = (kind: 'samples' | 'frames', label: string, split: Split): void => {
    const own = counts[labels.indexOf(label)]![kind];
    own[split] = (own[split] ?? 0) + 1;
  };
  for (const { label, frameLabels, frames, split } of samples) {
    if (label !== null) add('samples', label, split);
    if (frameLabels === null) continue;
    // Frames stored as files: those without a file cannot be used for training.
    const present = frames === null ? frameLabels : frames.map(({ index }) => labelAt({ label, frameLabels }, index));
    for (const frame of present) if (frame !== null) add('frames', frame, split);
  }
  return counts;
}

async function findDuplicates(
  { samples, splits }: Dataset,
  onRead: (files: number) => void,
): Promise<DuplicateGroup[]> {
  const groups = new Map<string, Sample[]>();
  const keys = await contentKeys(samples, onRead);
  for (const sample of samples) {
    const key = keys.get(sample) ?? null;
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => ({
      ids: group.map(({ id }) => id),
      splits: splits.filter((split) => group.some((sample) => sample.split === split)),
      labels: [...new Set(group.flatMap(({ label }) => (label === null ? [] : [label])))],
    }));
}

async function findUnreadable(files: readonly string[], onRead: (files: number) => void): Promise<UnreadableFile[]> {
  const found: UnreadableFile[] = [];
  await forEachLimited(files, DECODED_AT_ONCE, async (path) => {
    const message = await whatIsWrong(path);
    if (message !== null) found.push({ path, message });
    onRead(1);
  });
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function whatIsWrong(path: string): Promise<string | null> {
  try {
    if ((await stat(path)).size === 0) return 'is empty';
    // Damage at the end of a picture shows only when all of it is decoded.
    if (isImageName(path))
      await sharp(await readFile(path), { failOn: 'error' })
        .raw()
        .toBuffer();
    return null;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
  }
}
