import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { FerError } from '../../errors/fer-error.js';
import type { TrainConfig } from '../config/train-config.js';

export interface ShardChoice {
  readonly shards: number;
  /** Threads that can be given something to do at once. */
  readonly workers: number;
  /** To be told; null when all is as it was asked for. */
  readonly line: string | null;
}

/**
 * Into how many shards a run with so many workers cuts its batches. The result depends on the shards alone, so a run that was begun keeps those
 * it was begun with, whoever goes on with it; a new one gets as many as its workers need, unless the configuration says how many.
 * @param begunWith shards of the run that goes on; null for a new one
 */
export function shardsForWorkers(
  { shards: wanted, accumulate }: Pick<TrainConfig, 'shards' | 'accumulate'>,
  workers: number,
  begunWith: number | null,
): ShardChoice {
  const isSaid = wanted > 1; // 1 is what the configuration says when nobody said anything
  const shards = isSaid ? wanted : (begunWith ?? Math.max(wanted, Math.ceil(workers / accumulate)));
  const useful = Math.min(workers, shards * accumulate);
  const told = [
    ...(shards === wanted
      ? []
      : [
          `every batch is cut into ${shards} shards${begunWith === null ? ', so that each worker gets one' : ', as when the run began'} (shards = ${shards} in config.json)`,
        ]),
    ...(useful < workers
      ? [`${useful} of ${workers} workers ${useful === 1 ? 'is' : 'are'} used: a step has no more shards`]
      : []),
  ];
  return { shards, workers: useful, line: told.length === 0 ? null : told.join('; ') };
}

const shardsOf = z.object({ shards: z.int().positive() });

/** Shards of the run whose configuration lies there. @throws FerError CONFIG_INVALID */
export async function readBegunShards(configFile: string): Promise<number> {
  try {
    return shardsOf.parse(JSON.parse(await readFile(configFile, 'utf8'))).shards;
  } catch (error) {
    throw new FerError(
      'CONFIG_INVALID',
      `${configFile} cannot be read, though the folder holds a run: put it back, or choose another --output`,
      { cause: error },
    );
  }
}
