import { join } from 'node:path';
import { FerError } from '../errors/fer-error.js';
import { openBackend } from '../model/engines/open-backend.js';
import { openModel } from '../model/heads/open-model.js';
import type { BackendName } from '../model/engines/backend.js';
import { AUDIT_CSV, AUDIT_HTML, writeAudit } from '../train/audit/write-audit.js';
import { auditRun } from '../train/audit/audit-run.js';
import { auditWithModel } from '../train/audit/audit-with-model.js';
import { isRunFolder, readRowHistory } from '../train/audit/row-history.js';
import { rowPictures } from '../train/audit/row-pictures.js';
import type { AuditPictureOf } from '../train/audit/audit-page.js';
import type { LabelAudit } from '../train/audit/audit-labels.js';
import { readConfigFile } from '../train/config/read-config.js';
import { openDataset } from '../train/data/formats/registry.js';
import type { Dataset, Split } from '../train/data/sample.js';
import { openSplit, withFaces } from '../train/data/faces/open-faces.js';
import type { FaceChoice } from '../train/data/faces/face-handling.js';
import { runFolder } from '../train/records/run-folder.js';
import { openPrepared } from '../train/data/preprocess/open-prepared.js';
import { preparedFolder } from '../train/data/preprocess/prepared-folder.js';
import { EXIT } from './exit-codes.js';
import { interruptSignal } from './interrupt.js';
import { Progress } from './progress.js';
import type { ProgressTarget } from './progress.js';
import { textTable } from './text-table.js';

export interface AuditFlags {
  readonly model: string;
  readonly output: string;
  readonly split?: Split;
  readonly fold?: number;
  readonly faces?: FaceChoice;
  readonly backend?: BackendName | 'auto';
}

interface Io {
  write(line: string): void;
  readonly progress: ProgressTarget;
}

/** Audits a data set's labels, prints what was found class by class, and returns the exit code. */
export async function runAudit(data: string | undefined, flags: AuditFlags, io: Io): Promise<number> {
  const { audit, unread } = (await isRunFolder(flags.model))
    ? await auditByRun(data, flags)
    : await auditByModel(data, flags, io);
  for (const line of auditLines(audit)) io.write(line);
  for (const line of unread) io.write(line);
  io.write('');
  io.write(
    `${join(flags.output, AUDIT_HTML)} shows them; ${join(flags.output, AUDIT_CSV)} is for --exclude of fer train`,
  );
  return unread.length > 0 ? EXIT.someFailed : EXIT.ok;
}

interface Found {
  readonly audit: LabelAudit;
  /** What could not be audited, for a person. */
  readonly unread: readonly string[];
}

async function auditByRun(
  asked: string | undefined,
  { model: folder, output, split, faces, fold }: AuditFlags,
): Promise<Found> {
  if (split !== undefined || faces !== undefined)
    throw new FerError(
      'USAGE',
      `${folder} is a training run, which has seen its own training part as it was cut: leave out --split and --faces, or name a model such as ${runFolder(folder).best}`,
    );
  const config = await readConfigFile(runFolder(folder).config);
  const data = asked ?? String(config['data']);
  const ownFold = fold ?? (typeof config['fold'] === 'number' ? config['fold'] : undefined);
  const dataset = await openDataset(data, ownFold === undefined ? {} : { fold: ownFold });
  const { rows } = await readRowHistory(folder);
  return withPictures(data, dataset, async (pictureOf, ids) => {
    if (ids.size > 0 && !rows.some((id) => ids.has(id)))
      throw new FerError(
        'CONFIG_INVALID',
        `${folder} was trained on other data than ${data}, such as "${rows[0] ?? ''}": name that data set, or leave it out`,
      );
    return { audit: await auditRun(folder, pictureOf, output), unread: [] };
  });
}

async function auditByModel(
  data: string | undefined,
  { model: name, output, split = 'train', fold, faces = 'auto', backend }: AuditFlags,
  io: Io,
): Promise<Found> {
  if (data === undefined)
    throw new FerError('USAGE', 'name the data set to audit, as FORMAT:DIR, such as manifest:my-faces');
  const part = { data, split, ...(fold === undefined ? {} : { fold }) };
  const dataset = await openSplit(part);
  await openBackend({ backend });
  const model = await openModel(name);
  const progress = new Progress(io.progress, 'samples');
  const signal = interruptSignal();
  try {
    progress.start(`auditing ${dataset.name}`, dataset.samples.length);
    const onSample = (done: number): void => {
      progress.update(done);
    };
    const { audit, unknown, notes } = await withFaces(
      dataset,
      part,
      { model, faces, onSample, signal },
      async (crops) => ({
        ...(await auditWithModel(model, crops, dataset.labels.labels, signal)),
        notes: crops.notes,
      }),
    );
    progress.clear();
    const { unreadable } = notes;
    if (audit.rows.length === 0)
      throw new FerError(
        'INPUT_UNREADABLE',
        `${data}: no label in the ${split} split could be audited${unreadable[0] === undefined ? '' : ` (${unreadable[0].path}: ${unreadable[0].message.split('\n')[0]!})`}; fer dataset check says more`,
      );
    await withPictures(data, dataset, (pictureOf) =>
      writeAudit(output, audit, {
        title: `Label audit: ${data}`,
        basis: `one look of ${model.name} at each face and its mirror image`,
        pictureOf,
      }),
    );
    if (unknown > 0) io.write(`labels that the model does not know, left out: ${unknown}`);
    return {
      audit,
      unread: unreadable.map(({ path, message }) => `cannot be read: ${path}: ${message.split('\n')[0]!}`),
    };
  } finally {
    progress.clear();
    model.dispose();
  }
}

async function withPictures<T>(
  data: string,
  dataset: Dataset,
  work: (pictureOf: AuditPictureOf, ids: ReadonlySet<string>) => Promise<T>,
): Promise<T> {
  const folder = preparedFolder(data);
  const prepared = folder === null ? null : await openPrepared(folder);
  try {
    const pictureOf = rowPictures(dataset, prepared?.crops ?? null);
    return await work(pictureOf, pictureOf.ids);
  } finally {
    await prepared?.close();
  }
}

function auditLines({ labels, rows, expectedWrong, noiseRates }: LabelAudit): string[] {
  const suspects = rows.filter(({ isSuspect }) => isSuspect);
  return [
    `${rows.length} labels audited; estimated wrong: ${Math.round(expectedWrong)} (${percent(expectedWrong / Math.max(1, rows.length))} %); marked in audit.csv: ${suspects.length}`,
    '',
    ...textTable(
      ['given label', 'labels', 'estimated wrong %', 'marked'],
      labels.map((label, k) => [
        label,
        String(rows.filter(({ given }) => given === k).length),
        percent(noiseRates[k] ?? null),
        String(suspects.filter(({ given }) => given === k).length),
      ]),
    ),
  ];
}

/** 0.0567 as 5.7; "-" where there is nothing to divide by. */
function percent(share: number | null): string {
  return share === null ? '-' : (100 * share).toFixed(1);
}
