import { basename, dirname } from 'node:path';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { makeFolder, writeError } from '../../files/write-error.js';
import type { TrainConfig } from '../config/train-config.js';
import type { TrainingSet } from '../data/training/training-set.js';
import { nawParameters, nawSchedule } from '../losses/naw-bell.js';
import type { NawParameters } from '../losses/naw-bell.js';
import { writeEpochTables } from '../records/epoch-tables.js';
import type { RunFolder } from '../records/run-folder.js';
import { writeTensorboardEvents } from '../records/tensorboard.js';
import type { TrainingState } from '../records/training-state.js';
import { reportPage } from './report-page.js';
import type { ReportData } from './report-page.js';

/**
 * Writes a run's report: one HTML file for people, with everything in it.
 * @param path of the file; folders are made if need be
 * @throws FerError OUTPUT_UNWRITABLE, and CONFIG_INVALID for data that do not fit each other.
 */
export async function writeReport(path: string, data: ReportData): Promise<void> {
  const page = await reportPage(data);
  await makeFolder(dirname(path)).catch((error: unknown) => {
    throw writeError(path, error);
  });
  await writeFileAtomic(path, page);
}

/** Epochs between reports; the last one is always reported. */
const REPORT_EVERY = 5;

/** Writes tables, events and report from the history, so that they agree with the saved state. */
export class RunLogs {
  private readonly parameters: NawParameters;

  constructor(
    private readonly folder: RunFolder,
    private readonly config: TrainConfig,
    private readonly training: TrainingSet,
    private readonly labels: readonly string[],
  ) {
    this.parameters = nawParameters(config.method);
  }

  /** @param rows (p_GT, p_NN, predicted class) of the epoch [R, 3] @param isLast whether training ends with this epoch */
  async write({ epoch, history, bestEpoch }: TrainingState, rows: Float32Array, isLast: boolean): Promise<void> {
    const { folder, config, training, labels, parameters } = this;
    await writeEpochTables(folder.path, labels, history);
    await writeTensorboardEvents(folder.path, history, { labels });
    if (epoch % REPORT_EVERY !== 0 && !isLast) return;
    await writeReport(folder.report, {
      title: basename(folder.path),
      ...{ labels, history, config, bestEpoch },
      seed: config.seed,
      ambiguity: {
        ...{ epoch, parameters },
        points: rows,
        given: training.rowLabels,
        ids: training.rowNames ?? training.rowIds,
        ...weighting(config, epoch, parameters.slope),
      },
      pictureOf: (row) => training.picture(row),
    });
  }
}

/** Progress of the weight schedule in an epoch (from 1), and whether weights apply. NLA's begins after its warm-up. */
export function weighting(
  { method, epochs }: Pick<TrainConfig, 'method' | 'epochs'>,
  epoch: number,
  slope: number,
): { readonly epsilon: number; readonly weightsWereUsed: boolean } {
  const warmUp = method.name === 'nla' ? method.crossEntropyEpochs : 0;
  return {
    epsilon: nawSchedule(Math.max(0, epoch - 1 - warmUp), Math.max(1, epochs - warmUp), slope),
    weightsWereUsed: (method.name === 'nla' || method.name === 'v-naw') && epoch > warmUp,
  };
}
