import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { splitsOf } from './sample.js';
import type { Dataset, Sample } from './sample.js';

export interface DroppedSample {
  readonly sample: Sample;
  /** The sample with the same content that stays. */
  readonly copyOf: Sample;
}

/**
 * Takes out training samples that are, byte for byte, also in the validation or test split, and all but the first of copies within
 * the training split. Validation and test stay unchanged, so that figures compare with published ones. Samples whose files cannot be
 * read stay too.
 * @throws the reason of `signal` once it is aborted
 */
export async function deduplicate(
  dataset: Dataset,
  signal?: AbortSignal,
): Promise<{ readonly dataset: Dataset; readonly dropped: readonly DroppedSample[] }> {
  const keys = await contentKeys(dataset.samples, () => signal?.throwIfAborted());
  const kept = new Map<string, Sample>();
  const dropped: DroppedSample[] = [];
  const heldOut = dataset.samples.filter(({ split }) => split !== 'train');
  const training = dataset.samples.filter(({ split }) => split === 'train');
  for (const sample of heldOut) {
    const key = keys.get(sample) ?? null;
    if (key !== null && !kept.has(key)) kept.set(key, sample);
  }
  const gone = new Set<Sample>();
  for (const sample of training) {
    const key = keys.get(sample) ?? null;
    if (key === null) continue;
    const first = kept.get(key);
    if (first === undefined) kept.set(key, sample);
    else {
      dropped.push({ sample, copyOf: first });
      gone.add(sample);
    }
  }
  const samples = dataset.samples.filter((sample) => !gone.has(sample));
  return {
    dataset: {
      ...dataset,
      samples,
      splits: splitsOf(samples),
    },
    dropped,
  };
}

/** Number of files open at once. */
const OPEN_FILES = 16;

const WHOLE_BYTES = 2 ** 22;

/** The files a sample is made of. */
export function filesOf(sample: Sample): readonly string[] {
  return sample.frames?.map(({ path }) => path) ?? [sample.path];
}

/** SHA-256 of a file, in hexadecimal digits; a video is not read into memory at once. Rejects as Node does where it cannot be read. */
export async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  // A picture is read faster whole.
  if ((await stat(path)).size <= WHOLE_BYTES) hash.update(await readFile(path));
  else await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Identity of a picture or clip: equal bytes and the same stretch. */
export function contentKey(sample: Sample, hashes: readonly string[]): string {
  const bytes = hashes.length === 1 ? hashes[0]! : createHash('sha256').update(hashes.join()).digest('hex');
  return `${bytes}@${sample.startSeconds ?? 0}-${sample.endSeconds ?? ''}`;
}

/**
 * By sample: its content key, or null where a file cannot be read.
 * @param onRead called with the number of files of each sample that is done with
 */
export async function contentKeys(
  samples: readonly Sample[],
  onRead: (files: number) => void = () => undefined,
): Promise<ReadonlyMap<Sample, string | null>> {
  const keys = new Map<Sample, string | null>();
  // Several stretches of one video: read it once.
  const hashes = new Map<string, Promise<string>>();
  const hashOnce = (path: string): Promise<string> => {
    const known = hashes.get(path) ?? fileHash(path);
    hashes.set(path, known);
    return known;
  };
  await forEachLimited(samples, OPEN_FILES, async (sample) => {
    try {
      if (sample.content !== undefined) keys.set(sample, sample.content);
      else {
        const own: string[] = [];
        for (const path of filesOf(sample)) own.push(await hashOnce(path));
        keys.set(sample, contentKey(sample, own));
      }
    } catch {
      keys.set(sample, null);
    }
    onRead(filesOf(sample).length);
  });
  return keys;
}

/** Runs `work` over all items, a limited number at a time; the first failure ends it. */
export async function forEachLimited<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const item = items[next]!;
      next += 1;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
