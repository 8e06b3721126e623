import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { FerError } from '../../errors/fer-error.js';

export interface MicroBatchPlan {
  readonly microBatches: number;
  /** Threads that can work at the same time. */
  readonly workers: number;
  /** What to tell the user; null when everything is as configured. */
  readonly line: string | null;
}

/**
 * Into how many micro-batches a run with that many workers cuts its batches. The result of training depends on the micro-batches, not on the workers. So
 * a resumed run keeps the number it was started with; a new one gets as many as it has workers, unless the configuration says how many.
 * @param configured 1 counts as not configured
 * @param startedWith of the run that is resumed; null for a new one
 */
export function planMicroBatches(configured: number, workers: number, startedWith: number | null): MicroBatchPlan {
  const microBatches = configured > 1 ? configured : (startedWith ?? workers);
  const used = Math.min(workers, microBatches);
  const lines = [
    ...(microBatches === configured
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
      `${configFile} cannot be read, but the folder holds a run: restore the file, or choose another --output`,
      { cause: error },
    );
  }
}
