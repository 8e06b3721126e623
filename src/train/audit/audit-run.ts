import { basename, resolve } from 'node:path';
import { auditLabels } from './audit-labels.js';
import type { LabelAudit } from './audit-labels.js';
import type { AuditPictureOf } from './audit-page.js';
import { evidenceOfRun } from './label-evidence.js';
import { readRowHistory } from './row-history.js';
import { writeAudit } from './write-audit.js';

/**
 * Audits the labels a run was trained with, by what it noted of them in every epoch.
 * @param folder of the run
 * @param output where audit.csv and audit.html are written; the run's folder if left out
 * @throws FerError INPUT_NOT_FOUND, INPUT_UNREADABLE, OUTPUT_UNWRITABLE
 */
export async function auditRun(folder: string, pictureOf: AuditPictureOf, output = folder): Promise<LabelAudit> {
  const history = await readRowHistory(folder);
  const audit = auditLabels(evidenceOfRun(history), history.labels);
  const { epochs } = history;
  await writeAudit(output, audit, {
    title: `Label audit: ${basename(resolve(folder))}`,
    basis: `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} of training on these labels`,
    pictureOf,
  });
  return audit;
}
