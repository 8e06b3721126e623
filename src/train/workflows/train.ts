import { join } from 'node:path';
import { stopSignal, withFolderLock } from '../../files/folder-lock.js';
import { AUDIT_HTML, auditRun } from '../audit/audit-page.js';
import type { TrainConfig } from '../config/train-config.js';
import type { TrainingData } from '../job/training-data.js';
import { runTraining } from '../trainer/run-training.js';
import type { RunTrainingOptions } from '../trainer/run-training.js';
import type { TrainOptions, TrainingOutcome } from '../trainer/train-options.js';

/**
 * `train` with a data set that is open already, and stays open; null to open it.
 * @internal keeps TensorFlow.js' types out of the public declarations
 */
export function trainOn(
  data: TrainingData | null,
  config: TrainConfig,
  path: string,
  options: TrainOptions = {},
): Promise<TrainingOutcome> {
  return withFolderLock(path, 'fer train', (lock) =>
    trainAndAudit(config, path, { ...options, ...(data && { data }), signal: stopSignal(lock, options.signal) }),
  );
}

function trainAndAudit(config: TrainConfig, path: string, options: RunTrainingOptions): Promise<TrainingOutcome> {
  return runTraining(config, path, {
    ...options,
    onComplete: async (folder, training) => {
      const rowOf = new Map(training.rowIds.map((id, row) => [id, row]));
      const { rows, distrust } = await auditRun(folder.path, {
        nameOf: (id) => training.rowNames?.[rowOf.get(id)!] ?? id,
        load: async (ids) => {
          const pictures = new Map<string, Uint8Array>();
          for (const id of ids) {
            const picture = await training.picture(rowOf.get(id)!);
            if (picture !== null) pictures.set(id, picture);
          }
          return pictures;
        },
      });
      options.onMessage?.(
        distrust === null
          ? `labels that look wrong: ${rows.filter(({ isSuspect }) => isSuspect).length} of ${rows.length}, in ${join(folder.path, AUDIT_HTML)}`
          : `no label is called wrong: ${distrust}`,
      );
    },
  });
}

/**
 * Trains as configured, into a run folder from which it can resume after any interruption, and audits the labels by what the run saw. The engine must be open.
 * @throws FerError FOLDER_IN_USE, CONFIG_INVALID, INPUT_NOT_FOUND, OUTPUT_UNWRITABLE, WORKER_FAILED
 */
export function train(config: TrainConfig, path: string, options: TrainOptions = {}): Promise<TrainingOutcome> {
  return trainOn(null, config, path, options);
}
