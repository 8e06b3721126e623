import { mkdir } from 'node:fs/promises';
import { join, basename, resolve } from 'node:path';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { writeError } from '../../files/write-error.js';
import type { LabelAudit } from './audit-labels.js';
import { auditPage } from './audit-page.js';
import type { AuditPageOptions, AuditPictures } from './audit-page.js';
import { stringify } from 'csv-stringify/sync';
import { auditLabels } from './audit-labels.js';
import { evidenceOfRun } from './label-evidence.js';
import { distrustOf, figuresOfEvidence, figuresOfRun } from './judge-trust.js';
import { readRowHistory } from './row-history.js';

export const AUDIT_CSV = 'audit.csv';
export const AUDIT_HTML = 'audit.html';

/** Writes audit.csv and audit.html into a folder, which is made if need be. @throws FerError OUTPUT_UNWRITABLE */
export async function writeAudit(folder: string, audit: LabelAudit, options: AuditPageOptions): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeError(folder, error);
  });
  await writeFileAtomic(join(folder, AUDIT_CSV), auditCsv(audit));
  await writeFileAtomic(join(folder, AUDIT_HTML), await auditPage(audit, options));
}

export const AUDIT_COLUMNS = [
  'id',
  'given',
  'suggested',
  'score',
  'exclude',
  'p_gt',
  'p_nn',
  'disagreed',
  'looks',
] as const;

/** The audit as a table, the most suspicious first: RFC 4180, with a header. */
export function auditCsv({ labels, rows }: LabelAudit): string {
  const table = rows.map(({ id, given, suggested, score, isSuspect, truth, nearest, disagreed, looks }) => [
    ...[id, labels[given]!, labels[suggested]!, short(score), isSuspect ? 'yes' : 'no'],
    ...[short(truth), short(nearest), short(disagreed), looks],
  ]);
  return stringify([[...AUDIT_COLUMNS], ...table], { record_delimiter: 'windows' });
}

function short(value: number): number {
  return Number(value.toPrecision(4));
}

/**
 * Audits the labels a run was trained with, from what it recorded in every epoch.
 * @param folder of the run
 * @param output where audit.csv and audit.html are written; the run's folder if left out
 * @throws FerError INPUT_NOT_FOUND, INPUT_UNREADABLE, OUTPUT_UNWRITABLE
 */
export async function auditRun(folder: string, pictures: AuditPictures, output = folder): Promise<LabelAudit> {
  const history = await readRowHistory(folder);
  const evidence = evidenceOfRun(history);
  const figures = (await figuresOfRun(folder)) ?? figuresOfEvidence(evidence, 'labels it was trained with');
  const audit = auditLabels(evidence, history.labels, null, distrustOf(figures));
  const { epochs } = history;
  await writeAudit(output, audit, {
    title: `Label audit: ${basename(resolve(folder))}`,
    basis: `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} of training on these labels`,
    pictures,
  });
  return audit;
}
