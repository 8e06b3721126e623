import { dirname, resolve } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { FerError } from '../../errors/fer-error.js';
import { AtomicFile } from '../../files/atomic-file.js';
import { makeFolder } from '../../files/write-error.js';
import type { PriorChoice } from '../../model/class-prior.js';
import type { Backend } from '../../model/engines/backend.js';
import type { ExpressionModel } from '../../model/expression-model.js';
import { VERSION } from '../../version.js';
import type { FaceNotes } from '../data/faces/face-dataset.js';
import type { SplitOf } from '../data/faces/open-faces.js';
import type { Dataset, FaceHandling } from '../data/sample.js';
import type { EvaluationOfCrops, Prediction } from './evaluate.js';

/** What is evaluated and how, as the user says it. */
export interface EvaluationSettings extends SplitOf {
  /** Name or folder. */
  readonly model: string;
  readonly faces: FaceHandling;
  /** As on the command line; `adapt` is what it stands for. */
  readonly prior: string;
  readonly adapt: PriorChoice;
  readonly flip: boolean;
  readonly ignoreMissing: boolean;
}

/** Content of the JSON file: docs/evaluate.md. */
export interface EvaluationReport extends EvaluationOfCrops, FaceNotes {
  readonly problems: Dataset['problems'];
  readonly leftOut: Dataset['leftOut'];
  readonly model: { readonly name: string; readonly version: string; readonly labels: readonly string[]; readonly path: string }; // prettier-ignore
  readonly data: object;
  readonly settings: { readonly faces: FaceHandling; readonly prior: string; readonly flip: boolean; readonly ignoreMissing: boolean }; // prettier-ignore
  readonly engine: object;
  readonly ferstream: string;
}

/** @throws FerError INPUT_UNREADABLE when nothing could be evaluated, CONFIG_INVALID where the model has none of the classes */
export function evaluationReport(
  { data, split, fold, model: path, faces, prior, flip, ignoreMissing }: EvaluationSettings,
  { name, version, labels: { labels } }: ExpressionModel,
  backend: Backend,
  dataset: Dataset,
  { evaluation, notes }: { readonly evaluation: EvaluationOfCrops; readonly notes: FaceNotes },
): EvaluationReport {
  if (evaluation.count === 0 && evaluation.ignoredMissing > 0) {
    throw new FerError(
      'CONFIG_INVALID',
      `${data}: every sample shows a class that the model does not have (${evaluation.missingLabels.join(', ')}; it has ${labels.join(', ')}): translate them with --labels FILE`,
    );
  }
  if (evaluation.count === 0) {
    throw new FerError(
      'INPUT_UNREADABLE',
      `${data}: no sample of the ${split} split could be evaluated${firstOf(notes, evaluation)}; run: fer dataset check ${data}`,
    );
  }
  return {
    ...evaluation,
    ...notes,
    problems: dataset.problems,
    leftOut: dataset.leftOut,
    model: { name, version, labels, path },
    data: { location: data, split, fold: fold ?? null, labels: dataset.labels.labels, samples: dataset.samples.length },
    settings: { faces, prior, flip, ignoreMissing },
    engine: { backend: backend.name, tfjs: backend.tfjsVersion, device: backend.device },
    ferstream: VERSION,
  };
}

function firstOf({ unreadable }: FaceNotes, { unansweredFrames }: EvaluationOfCrops): string {
  if (unreadable[0] !== undefined) return ` (${unreadable[0].path}: ${unreadable[0].message.split('\n')[0]!})`;
  return unansweredFrames > 0 ? ' (no face found)' : '';
}

/** The JSON report and the CSV of predictions; they appear together at the end, or not at all. */
export class EvaluationFiles {
  private constructor(
    private readonly json: AtomicFile | null,
    private readonly predictions: AtomicFile | null,
  ) {}

  /** @throws FerError OUTPUT_UNWRITABLE */
  static async open(
    { json, predictions }: { readonly json?: string | undefined; readonly predictions?: string | undefined },
    { labels }: Pick<ExpressionModel, 'labels'>,
  ): Promise<EvaluationFiles> {
    const report = json === undefined ? null : await openFile(json);
    try {
      const table = predictions === undefined ? null : await openFile(predictions);
      await table?.write(csvRow(['id', 'frame', 'truth', 'predicted', ...labels.labels]));
      return new EvaluationFiles(report, table);
    } catch (error) {
      await report?.abort();
      throw error;
    }
  }

  async add({ id, frame, truth, predicted, posteriors }: Prediction): Promise<void> {
    // Seven digits are all that a float32 has.
    const shares = Array.from(posteriors, (p) => Number(p.toPrecision(7)));
    await this.predictions?.write(csvRow([id, frame ?? '', truth, predicted, ...shares]));
  }

  async commit(report: EvaluationReport): Promise<void> {
    await this.json?.write(`${JSON.stringify(report, null, 2)}\n`);
    for (const file of [this.json, this.predictions]) await file?.prepare();
    for (const file of [this.json, this.predictions]) await file?.commit();
  }

  /** Harmless after `commit`. */
  async abort(): Promise<void> {
    for (const file of [this.json, this.predictions]) await file?.abort();
  }
}

async function openFile(path: string): Promise<AtomicFile> {
  const place = resolve(path);
  await makeFolder(dirname(place)).catch((cause: unknown) => {
    throw new FerError('OUTPUT_UNWRITABLE', `${path}: its folder cannot be created; choose another path`, { cause });
  });
  return AtomicFile.open(place);
}

function csvRow(row: readonly (string | number)[]): string {
  return stringify([[...row]], { record_delimiter: 'windows' });
}
