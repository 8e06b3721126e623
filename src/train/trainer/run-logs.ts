import { basename } from 'node:path';
import type { TrainConfig } from '../config/index.js';
import { writeEpochTables, writeReport, writeTensorboardEvents } from '../log/index.js';
import { nawSchedule } from '../losses/index.js';
import type { NawParameters } from '../losses/index.js';
import { nawOf } from './naw-of.js';
import type { RunFolder } from './run-folder.js';
import type { TrainingSet } from './training-set.js';
import type { TrainingState } from './training-state.js';

/** Epochs between reports; the last one is always reported. */
const REPORT_EVERY = 5;

/** What a run writes for people, all of it from the history, so that it agrees with the saved state. */
export class RunLogs {
  private readonly parameters: NawParameters;

  constructor(
    private readonly folder: RunFolder,
    private readonly config: TrainConfig,
    private readonly training: TrainingSet,
    private readonly labels: readonly string[],
  ) {
    this.parameters = nawOf(config.method);
  }

  /** @param rows (p_GT, p_NN, predicted class) of the epoch [R, 3] */
  async write({ epoch, history, bestEpoch }: TrainingState, rows: Float32Array): Promise<void> {
    const { folder, config, training, labels, parameters } = this;
    await writeEpochTables(folder.path, labels, history);
    await writeTensorboardEvents(folder.path, history, { labels });
    if (epoch % REPORT_EVERY !== 0 && epoch !== config.epochs) return;
    await writeReport(folder.report, {
      title: basename(folder.path),
      ...{ labels, history, config, bestEpoch },
      seed: config.seed,
      ambiguity: {
        ...{ epoch, parameters },
        points: rows,
        given: training.rowLabels,
        ids: training.rowIds,
        epsilon: nawSchedule(epoch - 1, config.epochs, parameters.slope),
        weightsWereUsed: config.method.name === 'nla' || config.method.name === 'v-naw',
      },
      pictureOf: (row) => training.picture(row),
    });
  }
}
