import { join } from 'node:path';
import type { Command } from 'commander';
import { FerError } from '../errors/fer-error.js';
import type { BackendName } from '../model/engines/backend.js';
import { DEFAULT_MODEL, MODEL_NAMES } from '../model/expression-model.js';
import type { LabelAudit } from '../train/audit/audit-labels.js';
import type { FaceChoice, Split } from '../train/data/sample.js';
import { EXIT, interruptSignal } from './exit.js';
import {
  backendOption,
  checkFaceOptions,
  facesOption,
  foldOption,
  labelsOption,
  splitOption,
  writeLine,
} from './options.js';
import { Progress, textTable } from './progress.js';
import type { ProgressTarget } from './progress.js';

export function auditCommand(program: Command): void {
  program
    .command('audit')
    .summary('find labels that are likely wrong')
    .description('Ranks the labels of a data set by how likely they are wrong. Writes audit.csv and audit.html.')
    .argument('[data]', 'FORMAT:DIR, such as manifest:my-faces (default: the data set of the training run)')
    .option('--model <model>', `training run, model folder, or ${MODEL_NAMES.join(', ')}`, DEFAULT_MODEL)
    .option('-o, --output <dir>', 'output folder', 'fer-audit')
    .addOption(splitOption('split to audit (default: train)'))
    .addOption(foldOption())
    .addOption(labelsOption())
    .addOption(facesOption())
    .addOption(backendOption())
    .addHelpText(
      'after',
      '\nA training run is the best judge: it saw every label in every epoch. --split and --faces apply to models only.\n\nExamples:\n  fer audit --model runs/first\n  fer audit manifest:my-faces --model runs/other/best -o audit\n  fer train manifest:my-faces --exclude audit/audit.csv\n\nWhat the score means: docs/audit.md',
    )
    .action(async (data: string | undefined, flags: AuditFlags, own: Command) => {
      checkFaceOptions(own, data);
      process.exitCode = await runAudit(data, flags, {
        write: writeLine,
        progress: process.stderr,
      });
    });
}

export interface AuditFlags {
  readonly model: string;
  readonly output: string;
  readonly split?: Split;
  readonly fold?: number;
  readonly labels?: string;
  readonly faces?: FaceChoice;
  readonly backend?: BackendName | 'auto';
}

interface Io {
  write(line: string): void;
  readonly progress: ProgressTarget;
}

/** Audits labels, prints a table by class and returns the exit code. */
export async function runAudit(data: string | undefined, flags: AuditFlags, io: Io): Promise<number> {
  const { AUDIT_CSV, AUDIT_HTML } = await import('../train/audit/audit-page.js');
  const { isRunFolder } = await import('../train/audit/label-evidence.js');
  const { withFolderLock } = await import('../files/folder-lock.js');
  const { audit, unread } = await withFolderLock(flags.output, 'fer audit', async () =>
    (await isRunFolder(flags.model)) ? auditByRun(data, flags) : auditByModel(data, flags, io),
  );
  for (const line of auditLines(audit)) io.write(line);
  for (const line of unread) io.write(line);
  io.write('');
  io.write(
    `see ${join(flags.output, AUDIT_HTML)}; train without the marked rows: fer train --exclude ${join(flags.output, AUDIT_CSV)}`,
  );
  return unread.length > 0 ? EXIT.someFailed : EXIT.ok;
}

interface Found {
  readonly audit: LabelAudit;
  /** One line for each sample that could not be read. */
  readonly unread: readonly string[];
}

async function auditByRun(
  asked: string | undefined,
  { model: folder, output, split, faces, fold, labels }: AuditFlags,
): Promise<Found> {
  const { auditRun } = await import('../train/audit/audit-page.js');
  const { rowPictures } = await import('../train/audit/row-pictures.js');
  const { openPrepared, preparedFolder } = await import('../train/data/preprocess/read-prepared.js');
  const { readRowHistory } = await import('../train/audit/label-evidence.js');
  const { readConfigFile } = await import('../train/config/read-config.js');
  const { openDataset } = await import('../train/data/formats/registry.js');
  const { runFolder } = await import('../train/records/run-folder.js');
  if (split !== undefined || faces !== undefined)
    throw new FerError(
      'USAGE',
      `${folder} is a training run, which knows only its own training split: leave out --split and --faces, or give a model such as ${runFolder(folder).best}`,
    );
  const config = await readConfigFile(runFolder(folder).config);
  const data = asked ?? String(config['data']);
  const ownFold = fold ?? (typeof config['fold'] === 'number' ? config['fold'] : undefined);
  const words = labels ?? (typeof config['classWords'] === 'string' ? config['classWords'] : undefined);
  const dataset = await openDataset(data, {
    ...(ownFold === undefined ? {} : { fold: ownFold }),
    ...(words === undefined ? {} : { labels: words }),
  });
  const { rows } = await readRowHistory(folder);
  const source = preparedFolder(data);
  const prepared = source === null ? null : await openPrepared(source);
  try {
    const pictures = rowPictures(dataset, prepared?.crops ?? null);
    const { ids } = pictures;
    if (ids.size > 0 && !rows.some((id) => ids.has(id)))
      throw new FerError(
        'CONFIG_INVALID',
        `${folder} was trained on other data than ${data}, such as "${rows[0] ?? ''}": give that data set, or leave it out`,
      );
    return { audit: await auditRun(folder, pictures, output), unread: [] };
  } finally {
    await prepared?.close();
  }
}

async function auditByModel(
  data: string | undefined,
  { model: name, output, split = 'train', fold, labels, faces = 'auto', backend }: AuditFlags,
  io: Io,
): Promise<Found> {
  const { openBackend } = await import('../model/engines/open-backend.js');
  const { openModel } = await import('../model/heads/open-model.js');
  const { writeAudit } = await import('../train/audit/audit-page.js');
  const { auditWithModel } = await import('../train/audit/audit-with-model.js');
  const { openSplit, withFaces } = await import('../train/data/faces/open-faces.js');
  if (data === undefined)
    throw new FerError('USAGE', 'give the data set to audit as FORMAT:DIR, such as manifest:my-faces');
  const part = {
    ...{ data, split },
    ...(fold === undefined ? {} : { fold }),
    ...(labels === undefined ? {} : { labels }),
  };
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
    const { audit, unknown, pictures, notes } = await withFaces(
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
        `${data}: no label in the ${split} split could be audited${unreadable[0] === undefined ? '' : ` (${unreadable[0].path}: ${unreadable[0].message.split('\n')[0]!})`}; run: fer dataset check ${data}`,
      );
    await writeAudit(output, audit, {
      title: `Label audit: ${data}`,
      basis: `predictions of ${model.name} on each face and its mirror image`,
      pictures,
    });
    if (unknown > 0) io.write(`labels the model does not have, left out: ${unknown}`);
    return {
      audit,
      unread: unreadable.map(({ path, message }) => `cannot be read: ${path}: ${message.split('\n')[0]!}`),
    };
  } finally {
    progress.clear();
    model.dispose();
  }
}

function auditLines({ labels, rows, expectedWrong, noiseRates, distrust }: LabelAudit): string[] {
  const suspects = rows.filter(({ isSuspect }) => isSuspect);
  return [
    distrust === null
      ? `${rows.length} labels audited; estimated wrong: ${Math.round(expectedWrong)} (${percent(expectedWrong / Math.max(1, rows.length))} %); marked in audit.csv: ${suspects.length}`
      : `${rows.length} labels audited; none is marked: ${distrust}`,
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
