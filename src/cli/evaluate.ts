import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { FerError } from '../errors/fer-error.js';
import { AtomicFile } from '../files/atomic-file.js';
import { makeFolder } from '../files/write-error.js';
import type { Backend, BackendName } from '../model/engines/backend.js';
import type { OpenSession } from '../model/sessions/network.js';
import type { ExpressionModel } from '../model/expression-model.js';
import { DEFAULT_MODEL, MODEL_NAMES } from '../model/expression-model.js';
import type { PriorChoice } from '../model/class-prior.js';
import type { FaceNotes } from '../train/data/faces/face-dataset.js';
import { faceHandling } from '../train/data/faces/face-handling.js';
import { unsplitLine } from '../train/data/sample.js';
import type { Dataset } from '../train/data/sample.js';
import type { EvaluationOfCrops, Prediction } from '../train/evaluate/evaluate.js';
import { VERSION } from '../version.js';
import { evaluationLines } from './evaluation-lines.js';
import { EXIT, interruptSignal } from './exit.js';
import { addLabelledDataOptions, backendOption, priorOption, readPrior, writeLine } from './options.js';
import type { LabelledDataFlags } from './options.js';
import { Progress } from './progress.js';
import type { ProgressTarget } from './progress.js';

export function evaluateCommand(program: Command): void {
  addLabelledDataOptions(
    program
      .command('evaluate')
      .summary('evaluate a model on labelled data')
      .description('Evaluates a model on one split: accuracy, recall by class, F1, calibration, confusion matrix.')
      .option('--model <model>', `${MODEL_NAMES.join(', ')}, or the folder of a trained model`, DEFAULT_MODEL),
    'split to evaluate',
    'test',
  )
    .addOption(priorOption())
    .option('--flip', 'flip test-time augmentation: average with the mirror image')
    .option('--ignore-missing', 'leave out classes the model does not have; otherwise they count as wrong')
    .option('--json <file>', 'write all results as JSON')
    .option('--predictions <file>', 'write every prediction as CSV')
    .addOption(backendOption({ trains: false }))
    .addHelpText(
      'after',
      '\nExit code 1 when files are missing or damaged; the rest is evaluated.\n\nExamples:\n  fer evaluate --model runs/nla/best --data ferplus:/data/ferplus --split valid --json nla.json\n  fer evaluate --data manifest:./own --faces detect --ignore-missing\n\nMetrics: docs/evaluate.md',
    )
    .action(async (flags: EvaluateFlags) => {
      process.exitCode = await runEvaluate(flags, {
        write: writeLine,
        progress: process.stderr,
      });
    });
}

export interface EvaluateFlags extends LabelledDataFlags {
  readonly model: string;
  readonly prior?: string;
  readonly flip?: boolean;
  readonly ignoreMissing?: boolean;
  readonly json?: string;
  readonly predictions?: string;
  readonly backend?: BackendName | 'auto';
}

interface Io {
  write(line: string): void;
  readonly progress: ProgressTarget;
}

/** Printed problems of one kind; the JSON file has all. */
const EXAMPLES = 5;

/** Evaluates, prints the results, writes the requested files. Returns the exit code. */
export async function runEvaluate(flags: EvaluateFlags, io: Io): Promise<number> {
  const { openModel } = await import('../model/heads/open-model.js');
  const { loadForInference } = await import('../model/sessions/inference-engine.js');
  const { openSplit } = await import('../train/data/faces/open-faces.js');
  const { preparedFolder } = await import('../train/data/preprocess/open-prepared.js');
  const dataset = await openSplit(flags);
  const prior = await readPrior(flags.prior ?? 'balanced');
  const {
    backend,
    open,
    loaded: model,
  } = await loadForInference({ backend: flags.backend }, (opener) => openModel(flags.model, { open: opener }));
  const faces = await faceHandling(flags.faces, model, flags.data);
  const files = new Outputs();
  try {
    const json = await files.open(flags.json);
    const predictions = await files.open(flags.predictions);
    await predictions?.write(csv(['id', 'frame', 'truth', 'predicted', ...model.labels.labels]));
    const { evaluation, notes } = await evaluateSplit(
      model,
      dataset,
      { ...flags, faces, open },
      prior,
      io.progress,
      async (prediction) => predictions?.write(csv(predictionRow(prediction))),
    );
    if (evaluation.count === 0)
      throw new FerError(
        'INPUT_UNREADABLE',
        `${flags.data}: no sample of the ${flags.split} split could be evaluated${firstOf(notes, evaluation)}; run: fer dataset check ${flags.data}`,
      );
    await json?.write(
      `${JSON.stringify(report({ ...flags, faces }, model, backend, dataset, evaluation, notes), null, 2)}\n`,
    );
    await files.commit();
    const pictures = preparedFolder(flags.data) !== null || faces === 'as-is' ? '' : ', faces found and aligned';
    for (const line of [
      `${model.name} on ${flags.data}, ${dataset.unsplit === true ? 'the whole' : flags.split}${pictures}${flags.flip === true ? ', flip test-time augmentation' : ''}`,
      '',
      ...evaluationLines(evaluation),
      '',
      ...[unsplitLine(dataset) ?? []].flat(),
      ...remarks(dataset, evaluation, notes),
    ])
      io.write(line);
    return notes.unreadable.length > 0 || dataset.problems.length > 0 ? EXIT.someFailed : EXIT.ok;
  } finally {
    await files.abort();
    model.dispose();
  }
}

async function evaluateSplit(
  model: ExpressionModel,
  dataset: Dataset,
  { data, split, faces, open, flip = false, ignoreMissing = false }: EvaluateFlags & { readonly open: OpenSession },
  prior: PriorChoice,
  target: ProgressTarget,
  onPrediction: (prediction: Prediction) => Promise<void>,
): Promise<{ evaluation: EvaluationOfCrops; notes: FaceNotes }> {
  const { withFaces } = await import('../train/data/faces/open-faces.js');
  const { evaluate } = await import('../train/evaluate/evaluate.js');
  const signal = interruptSignal();
  const progress = new Progress(target, 'samples');
  const onSample = (done: number): void => {
    progress.update(done);
  };
  try {
    return await withFaces(dataset, { data, split }, { model, faces, open, onSample, signal }, async (crops) => {
      progress.start(`evaluating ${dataset.name}`, dataset.samples.length);
      return {
        evaluation: await evaluate(model, crops, { flip, prior, ignoreMissing, onPrediction, signal }),
        notes: crops.notes,
      };
    });
  } finally {
    progress.clear();
  }
}

function report(
  flags: EvaluateFlags,
  model: ExpressionModel,
  backend: Backend,
  dataset: Dataset,
  evaluation: EvaluationOfCrops,
  notes: FaceNotes,
): object {
  const { data, split, fold = null, faces, prior = 'balanced', flip = false, ignoreMissing = false } = flags;
  return {
    ...evaluation,
    ...notes,
    problems: dataset.problems,
    leftOut: dataset.leftOut,
    model: { name: model.name, version: model.version, labels: model.labels.labels, path: flags.model },
    data: { location: data, split, fold, labels: dataset.labels.labels, samples: dataset.samples.length },
    settings: { faces, prior, flip, ignoreMissing },
    engine: { backend: backend.name, tfjs: backend.tfjsVersion, device: backend.device },
    ferstream: VERSION,
  };
}

function remarks(dataset: Dataset, evaluation: EvaluationOfCrops, notes: FaceNotes): string[] {
  const { missingLabels, ignoredMissing, unlabelledFrames, framesWithoutFace, unansweredFrames } = evaluation;
  const { wholePictures, unreadable } = notes;
  const missing = `the model does not have ${missingLabels.join(', ')}`;
  return [
    ...(missingLabels.length > 0
      ? [
          ignoredMissing > 0
            ? `${missing}: ${ignoredMissing} left out`
            : `${missing}: counted as wrong (--ignore-missing leaves them out)`,
        ]
      : []),
    ...(wholePictures > 0 ? [`images without a face, used as a whole: ${wholePictures}`] : []),
    ...(framesWithoutFace > 0
      ? [`labelled frames without a face, predicted from the nearest frame with one: ${framesWithoutFace}`]
      : []),
    ...(unansweredFrames > 0 ? [`labelled frames of clips without a face, not counted: ${unansweredFrames}`] : []),
    ...(unlabelledFrames > 0 ? [`frames without a label, not counted: ${unlabelledFrames}`] : []),
    ...examples(
      'unreadable files',
      unreadable.map(({ path, message }) => `${path}: ${message}`),
    ),
    ...examples(
      'missing files and unreadable rows',
      dataset.problems.map(({ file, line, message }) => `${file}${line === null ? '' : `:${line}`}: ${message}`),
    ),
  ];
}

function examples(what: string, all: readonly string[]): string[] {
  if (all.length === 0) return [];
  const rest = all.length - EXAMPLES;
  return [
    `${what}: ${all.length}`,
    ...all.slice(0, EXAMPLES).map((text) => `  ${text.split('\n')[0]!}`),
    ...(rest > 0 ? [`  and ${rest} more (--json lists all)`] : []),
  ];
}

function firstOf({ unreadable }: FaceNotes, { unansweredFrames }: EvaluationOfCrops): string {
  if (unreadable[0] !== undefined) return ` (${unreadable[0].path}: ${unreadable[0].message.split('\n')[0]!})`;
  return unansweredFrames > 0 ? ' (no face found)' : '';
}

function predictionRow({ id, frame, truth, predicted, posteriors }: Prediction): (string | number)[] {
  // Seven digits are all that a float32 has.
  return [id, frame ?? '', truth, predicted, ...Array.from(posteriors, (p) => Number(p.toPrecision(7)))];
}

function csv(row: readonly (string | number)[]): string {
  return stringify([[...row]], { record_delimiter: 'windows' });
}

/** Output files that appear together at the end, or not at all. */
class Outputs {
  private readonly files: AtomicFile[] = [];

  /** Null where no file is wanted. */
  async open(path: string | undefined): Promise<AtomicFile | null> {
    if (path === undefined) return null;
    const place = resolve(path);
    await makeFolder(dirname(place)).catch((cause: unknown) => {
      throw new FerError('OUTPUT_UNWRITABLE', `${path}: its folder cannot be created; choose another path`, { cause });
    });
    const file = await AtomicFile.open(place);
    this.files.push(file);
    return file;
  }

  async commit(): Promise<void> {
    for (const file of this.files) await file.prepare();
    for (const file of this.files) await file.commit();
  }

  async abort(): Promise<void> {
    for (const file of this.files) await file.abort();
  }
}
