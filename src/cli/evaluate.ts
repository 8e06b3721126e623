import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { FerError } from '../errors/fer-error.js';
import type { PriorChoice } from '../model/class-prior.js';
import type { BackendName } from '../model/engines/backend.js';
import { DEFAULT_MODEL, MODEL_NAMES } from '../model/expression-model.js';
import type { ExpressionModel } from '../model/expression-model.js';
import type { FaceNotes } from '../train/data/faces/face-dataset.js';
import { unsplitLine } from '../train/data/sample.js';
import type { Dataset } from '../train/data/sample.js';
import type { EvaluationOfCrops, Prediction } from '../train/evaluate/evaluate.js';
import type { EvaluationFiles, EvaluationReport, EvaluationSettings } from '../train/evaluate/evaluation-files.js';
import type { Evaluation } from '../train/evaluate/running-metrics.js';
import { EXIT, interruptSignal } from './exit.js';
import {
  addLabelledDataOptions,
  backendOption,
  checkFaceOptions,
  cutterWorkersOption,
  priorOption,
  readPrior,
  writeLine,
} from './options.js';
import type { LabelledDataFlags } from './options.js';
import { Progress, textTable } from './progress.js';
import type { ProgressTarget } from './progress.js';
import { SAMPLES_PER_JOB, addQueueOptions, checkQueueOptions, runQueued } from './queued-task.js';
import type { QueuedFlags } from './queued-task.js';

export function evaluateCommand(program: Command): void {
  const command = addLabelledDataOptions(
    program
      .command('evaluate')
      .summary('evaluate a model on labelled data')
      .description('Evaluates a model on one split: accuracy, recall by class, F1, calibration, confusion matrix.')
      .option('--model <model>', `${MODEL_NAMES.join(', ')}, or the folder of a trained model`, DEFAULT_MODEL),
    'split to evaluate',
    'test',
  )
    .addOption(priorOption())
    .option('--flip-tta', 'average each face with its mirror image: slightly more accurate, twice the work')
    .option('--ignore-missing', 'leave out classes the model does not have; otherwise they count as wrong')
    .option('--json <file>', 'write all results as JSON')
    .option('--predictions <file>', 'write every prediction as CSV')
    .addOption(cutterWorkersOption())
    .addOption(backendOption({ trains: false }));
  addQueueOptions(command)
    .addHelpText(
      'after',
      '\nExit code 1 when files are missing or damaged; the rest is evaluated.\n\nExamples:\n  fer evaluate --model runs/nla/best --data ferplus:/data/ferplus --split valid --json nla.json\n  fer evaluate --data manifest:./own --faces detect --ignore-missing\n\nMetrics: docs/evaluate.md',
    )
    .action(async (flags: EvaluateFlags, own: Command) => {
      checkQueueOptions(own);
      checkFaceOptions(own, flags.data);
      process.exitCode = await runEvaluate(flags, {
        write: writeLine,
        progress: process.stderr,
      });
    });
}

export interface EvaluateFlags extends LabelledDataFlags, Partial<QueuedFlags> {
  readonly model: string;
  readonly prior?: string;
  readonly flipTta?: boolean;
  readonly ignoreMissing?: boolean;
  readonly json?: string;
  readonly predictions?: string;
  readonly workers?: number;
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
  const { openSplit } = await import('../train/data/faces/open-faces.js');
  const { preparedFolder } = await import('../train/data/preprocess/read-prepared.js');
  const { json, predictions } = flags;
  if (json !== undefined && predictions !== undefined && resolve(json) === resolve(predictions))
    throw new FerError('USAGE', `--json and --predictions name the same file, ${json}: give two`);
  const dataset = await openSplit(flags);
  const adapt = await readPrior(flags.prior ?? 'balanced');
  const isQueued = flags.queue !== undefined;
  const report = await (isQueued ? evaluateQueued(flags, adapt, io) : evaluateHere(flags, dataset, adapt, io));
  if (typeof report === 'number') return report;
  const { faces } = report.settings;
  const pictures = preparedFolder(flags.data) !== null || faces === 'as-is' ? '' : ', faces found and aligned';
  for (const line of [
    `${report.model.name} on ${flags.data}, ${dataset.unsplit === true ? 'the whole' : flags.split}${pictures}${flags.flipTta === true ? ', flip test-time augmentation' : ''}`,
    '',
    ...evaluationLines(report),
    '',
    ...[unsplitLine(dataset) ?? []].flat(),
    ...remarks(report),
  ])
    io.write(line);
  return report.unreadable.length > 0 || report.problems.length > 0 ? EXIT.someFailed : EXIT.ok;
}

/** Returns the report, or the exit code where there is none. */
async function evaluateQueued(flags: EvaluateFlags, adapt: PriorChoice, io: Io): Promise<EvaluationReport | number> {
  const { queue, wait, samplesPerJob = SAMPLES_PER_JOB, fold, labels, faces, split, predictions } = flags;
  if (flags.json === undefined) throw new FerError('USAGE', '--queue needs --json: a worker writes the results there');
  const { absoluteData, absoluteModel } = await import('../archive/queue/submit.js');
  const json = resolve(flags.json);
  const settings = {
    data: absoluteData(flags.data),
    ...{ split, faces, adapt, json, samplesPerJob },
    ...(fold !== undefined && { fold }),
    ...(labels !== undefined && { labels: resolve(labels) }),
    model: absoluteModel(flags.model),
    prior: flags.prior ?? 'balanced',
    flip: flags.flipTta ?? false,
    ignoreMissing: flags.ignoreMissing ?? false,
    ...(predictions !== undefined && { predictions: resolve(predictions) }),
  };
  const task = { name: 'evaluate', path: json, title: `evaluate ${settings.data}`, settings } as const;
  const ended = await runQueued(queue!, task, { wait }, { ...io, signal: interruptSignal() });
  return ended ?? (JSON.parse(await readFile(json, 'utf8')) as EvaluationReport);
}

async function evaluateHere(
  flags: EvaluateFlags,
  dataset: Dataset,
  adapt: PriorChoice,
  io: Io,
): Promise<EvaluationReport> {
  const { openModel } = await import('../model/heads/open-model.js');
  const { loadForInference } = await import('../model/sessions/inference-engine.js');
  const { faceHandling } = await import('../train/data/faces/detected-faces.js');
  const { EvaluationFiles, evaluationReport } = await import('../train/evaluate/evaluation-files.js');
  const { backend, loaded: model } = await loadForInference({ backend: flags.backend }, (opener) =>
    openModel(flags.model, { open: opener }),
  );
  const faces = await faceHandling(flags.faces, model, flags.data);
  const { prior = 'balanced', flipTta: flip = false, ignoreMissing = false } = flags;
  let files: EvaluationFiles | null = null;
  try {
    files = await EvaluationFiles.open(flags, model);
    const asked = { ...flags, faces, prior, adapt, flip, ignoreMissing };
    const found = await evaluateSplit(model, dataset, { ...asked, engine: backend.name }, io.progress, files);
    const report = evaluationReport(asked, model, backend, dataset, found);
    await files.commit(report);
    return report;
  } finally {
    await files?.abort();
    model.dispose();
  }
}

async function evaluateSplit(
  model: ExpressionModel,
  dataset: Dataset,
  {
    data,
    split,
    faces,
    engine,
    workers,
    flip,
    ignoreMissing,
    adapt,
  }: EvaluationSettings & Pick<EvaluateFlags, 'workers'> & { readonly engine: BackendName },
  target: ProgressTarget,
  files: EvaluationFiles,
): Promise<{ evaluation: EvaluationOfCrops; notes: FaceNotes }> {
  const { withFaces } = await import('../train/data/faces/open-faces.js');
  const { evaluate } = await import('../train/evaluate/evaluate.js');
  const signal = interruptSignal();
  const progress = new Progress(target, 'samples');
  const onSample = (done: number): void => {
    progress.update(done);
  };
  const onPrediction = (prediction: Prediction): Promise<void> => files.add(prediction);
  try {
    return await withFaces(
      dataset,
      { data, split },
      { model, faces, backend: engine, workers, onSample, signal },
      async (crops) => {
        progress.start(`evaluating ${dataset.name}`, dataset.samples.length);
        return {
          evaluation: await evaluate(model, crops, { flip, prior: adapt, ignoreMissing, onPrediction, signal }),
          notes: crops.notes,
        };
      },
    );
  } finally {
    progress.clear();
  }
}

function remarks(report: EvaluationReport): string[] {
  const { missingLabels, ignoredMissing, unlabelledFrames, framesWithoutFace, unansweredFrames } = report;
  const { wholePictures, unreadable, problems } = report;
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
      problems.map(({ file, line, message }) => `${file}${line === null ? '' : `:${line}`}: ${message}`),
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

/** The results of an evaluation as text. */
function evaluationLines(evaluation: Evaluation): string[] {
  const {
    count,
    accuracy,
    meanClassAccuracy,
    macroF1,
    expectedCalibrationError,
    labels,
    confusion,
    recall,
    precision,
    f1,
  } = evaluation;
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  return [
    ...textTable(
      ['count', 'accuracy (WAR)', 'mean class accuracy (UAR)', 'macro F1', 'calibration error'],
      [
        [
          String(count),
          percent(accuracy),
          percent(meanClassAccuracy),
          percent(macroF1),
          percent(expectedCalibrationError),
        ],
      ],
    ),
    '',
    ...textTable(
      ['class', 'count', 'predicted', 'recall', 'precision', 'F1'],
      labels.map((label, k) => [
        label,
        String(sum(confusion[k]!)),
        String(sum(confusion.map((row) => row[k]!))),
        percent(recall[label]!),
        percent(precision[label]!),
        percent(f1[label]!),
      ]),
    ),
    '',
    ...textTable(
      ['truth \\ predicted', ...labels],
      labels.map((label, k) => [label, ...confusion[k]!.map(String)]),
    ),
  ];
}

/** 0.4567 as 45.67; "-" where there is nothing to divide by. */
function percent(share: number | null): string {
  return share === null ? '-' : (share * 100).toFixed(2);
}
