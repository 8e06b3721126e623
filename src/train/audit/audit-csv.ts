import { stringify } from 'csv-stringify/sync';
import type { LabelAudit } from './audit-labels.js';

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
