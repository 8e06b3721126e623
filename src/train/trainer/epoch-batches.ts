import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { FerError } from '../../errors/fer-error.js';
import { drawMixture, mixRows } from '../augment/mixup.js';
import { epochOrder, repeatsOf } from '../config/sampler.js';
import type { SamplerName } from '../config/sampler.js';
import type { MicroBatch, TrainingSet } from '../data/training/training-set.js';
import type { SecondView } from '../losses/epoch-progress.js';
import { SeededRandom } from '../util/seeded-random.js';

interface MicroBatchPlan {
  readonly microBatches: number;
  /** Threads that can work at the same time. */
  readonly workers: number;
  /** Message for the user; null when everything is as configured. */
  readonly line: string | null;
}

/**
 * Into how many micro-batches a run with that many workers cuts its batches. The result of training depends on the micro-batches, not on the workers. So
 * a resumed run keeps the number it was started with; a new one gets as many as it has workers, unless the configuration says how many.
 * @param configured null: not configured
 * @param startedWith of the run that is resumed; null for a new one
 */
export function planMicroBatches(
  configured: number | null,
  workers: number,
  startedWith: number | null,
): MicroBatchPlan {
  const microBatches = configured ?? startedWith ?? workers;
  const used = Math.min(workers, microBatches);
  const lines = [
    ...(configured !== null || microBatches === 1
      ? []
      : [
          `each batch is cut into ${microBatches} micro-batches${startedWith === null ? ', one for each worker' : ', as when the run started'} (microBatches = ${microBatches} in config.json)`,
        ]),
    ...(used < workers
      ? [`${used} of ${workers} workers ${used === 1 ? 'is' : 'are'} used: a batch has no more micro-batches`]
      : []),
  ];
  return { microBatches, workers: used, line: lines.length === 0 ? null : lines.join('; ') };
}

const started = z.object({ microBatches: z.int().positive() });

/** Micro-batches of the run whose configuration file this is. @throws FerError CONFIG_INVALID */
export async function readStartedMicroBatches(configFile: string): Promise<number> {
  try {
    return started.parse(JSON.parse(await readFile(configFile, 'utf8'))).microBatches;
  } catch (error) {
    throw new FerError(
      'CONFIG_INVALID',
      `${configFile} cannot be read, but the folder contains a run: restore the file, or choose another --output`,
      { cause: error },
    );
  }
}

export interface BatchSettings {
  /** Images or clips a step. */
  readonly batchSize: number;
  /**
   * Parts into which each batch is cut. Each part goes through the network alone and the gradients are averaged. Batch normalisation and
   * DNFER's thresholds see one part only, so the result depends on this number, and not on how many workers share the parts.
   */
  readonly microBatches: number;
  readonly sampler: SamplerName;
  /** Mixup with lambda from Beta(alpha, alpha), within every micro-batch; null for none. */
  readonly mixup: { readonly alpha: number } | null;
  readonly seed: number;
}

/** A micro-batch and the seed of its dropout. */
export interface SeededMicroBatch extends MicroBatch {
  readonly dropoutSeed: number;
}

/** The batches of one epoch. All randomness comes from the seed, the epoch, the step and the sample, so an epoch can be repeated exactly. */
export class EpochBatches {
  readonly steps: number;
  /** Samples in the epoch. */
  readonly count: number;
  private readonly random: SeededRandom;
  private readonly order: readonly number[];
  private readonly repeats: readonly number[];

  /** @param epoch from 0 */
  constructor(
    private readonly training: TrainingSet,
    private readonly settings: BatchSettings,
    private readonly secondView: SecondView,
    private readonly classCount: number,
    epoch: number,
  ) {
    this.random = new SeededRandom(settings.seed).fork(`epoch ${epoch}`);
    this.order = epochOrder(settings.sampler, training.classes, this.random.fork('order'));
    this.repeats = repeatsOf(this.order);
    this.count = this.order.length;
    this.steps = Math.ceil(this.count / settings.batchSize);
  }

  /** Samples done after that many steps. */
  done(steps: number): number {
    return Math.min(this.count, steps * this.settings.batchSize);
  }

  /** The micro-batches of a step (from 0): sampled, augmented, mixed. */
  async microBatches(step: number): Promise<SeededMicroBatch[]> {
    const { settings, random, order, repeats } = this;
    const mixupRandom = random.fork(`mixup ${step}`);
    const batches: MicroBatch[] = [];
    for (const [first, last] of cut(this.done(step), this.done(step + 1), settings.microBatches)) {
      const sampled = await this.training.sampleBatch(
        order.slice(first, last),
        this.secondView,
        random,
        repeats.slice(first, last),
      );
      batches.push(
        settings.mixup === null ? sampled : mixupBatch(sampled, settings.mixup.alpha, this.classCount, mixupRandom),
      );
    }
    const dropoutSeeds = random.fork(`dropout ${step}`);
    return batches.map((batch) => ({ ...batch, dropoutSeed: dropoutSeeds.int(2 ** 20) }));
  }
}

/** Cuts from..to-1 into parts of as equal size as possible, none empty; each as [first, end). */
function cut(from: number, to: number, count: number): readonly (readonly [number, number])[] {
  const size = to - from;
  const parts = Math.min(count, size);
  const place = (part: number): number => from + Math.floor((part * size) / parts);
  return Array.from({ length: parts }, (_, part) => [place(part), place(part + 1)] as const);
}

/**
 * Mixup within a micro-batch: images and label distributions are mixed alike. Only for methods with one view that take soft labels.
 * @param classCount C; labels become [N, C]
 */
export function mixupBatch(batch: MicroBatch, alpha: number, classCount: number, random: SeededRandom): MicroBatch {
  const mixture = drawMixture(batch.rows.length, alpha, random);
  const labels = batch.isSoft ? batch.labels : oneHot(batch.labels, classCount);
  const { teacherFeatures } = batch;
  return {
    ...batch,
    first: mixRows(batch.first, mixture),
    labels: mixRows(labels, mixture),
    isSoft: true,
    ...(teacherFeatures && { teacherFeatures: mixRows(teacherFeatures, mixture) }),
  };
}

/** [N] -> [N, C] */
function oneHot(labels: Float32Array, classCount: number): Float32Array {
  const rows = new Float32Array(labels.length * classCount);
  labels.forEach((label, i) => {
    rows[i * classCount + label] = 1;
  });
  return rows;
}
