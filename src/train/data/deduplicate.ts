import { contentKeys } from './content.js';
import type { Dataset, Sample } from './sample.js';
import { SPLITS } from './sample.js';

export interface DroppedSample {
  readonly sample: Sample;
  /** The sample with the same content that stays. */
  readonly copyOf: Sample;
}

/**
 * Takes out training samples that are, byte for byte, also in the validation or test split, and all but the first of copies within
 * the training split. Validation and test stay as they are, so that figures compare with published ones. Samples whose files cannot be
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
      splits: SPLITS.filter((split) => samples.some((sample) => sample.split === split)),
    },
    dropped,
  };
}
