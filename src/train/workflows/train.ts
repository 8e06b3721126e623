import { join } from 'node:path';
import { AUDIT_HTML, auditRun } from '../audit/write-audit.js';
import type { TrainConfig } from '../config/train-config.js';
import { runTraining } from '../trainer/run-training.js';
import type { TrainOptions, TrainingOutcome } from '../trainer/run-training.js';

/**
 * Trains as configured, into a run folder from which it can resume after any interruption, and audits the labels by what the run saw. The engine must be open.
 * @throws FerError CONFIG_INVALID, INPUT_NOT_FOUND, OUTPUT_UNWRITABLE, WORKER_FAILED
 */
export function train(config: TrainConfig, path: string, options: TrainOptions = {}): Promise<TrainingOutcome> {
  return runTraining(config, path, {
    ...options,
    onComplete: async (folder, training) => {
      const rowOf = new Map(training.rowIds.map((id, row) => [id, row]));
      const { rows, distrust } = await auditRun(folder.path, (id) => training.picture(rowOf.get(id)!));
      options.onMessage?.(
        distrust === null
          ? `labels that look wrong: ${rows.filter(({ isSuspect }) => isSuspect).length} of ${rows.length}, in ${join(folder.path, AUDIT_HTML)}`
          : `no label is called wrong: ${distrust}`,
      );
    },
  });
}
