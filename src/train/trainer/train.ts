import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { startFromRecognition } from '../../model/networks/start-from-recognition.js';
import { AUDIT_HTML } from '../audit/write-audit.js';
import { auditRun } from '../audit/audit-run.js';
import { RECOGNITION } from '../config/train-config.js';
import { withoutLaterSettings } from '../config/later-settings.js';
import type { NetworkConfig, TrainConfig } from '../config/train-config.js';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { WorkerRunner, assertWorkers } from './worker-runner.js';
import { readBegunShards, shardsForWorkers } from './shards-for-workers.js';
import { buildMethod } from './build-method.js';
import type { EpochRecord } from '../records/epoch-record.js';
import { fit } from './fit.js';
import type { FitInput, FitSettings } from './fit.js';
import { partOf } from '../../model/heads/model-folder.js';
import { clearLeftovers, dropEmptyRunFolder, makeRunFolder, runFolder, writeEpochRows } from '../records/run-folder.js';
import type { RunFolder } from '../records/run-folder.js';
import { RunLogs } from '../report/run-logs.js';
import { LocalRunner } from './shard-runner.js';
import { assertTwoClasses, dataLines, warmUpLines } from './opening-lines.js';
import { startFrom } from '../job/start-from.js';
import { openTaskData } from '../job/training-data.js';
import type { TaskData } from '../job/training-data.js';
import type { TrainingSet } from '../data/training/training-set.js';
import { loadTrainingState, saveTrainingState } from '../records/training-state.js';
import type { TrainingState } from '../records/training-state.js';
import type { OnRead, TrainingTask } from '../job/training-job.js';

export interface TrainOptions {
  /** Go on with the run in the folder; without it a folder with a run in it is refused. */
  readonly resume?: boolean;
  /** Threads that share every batch's shards; a new run whose configuration says nothing of shards cuts as many as they need. */
  readonly workers?: number;
  /** The data set, where it is open already; it stays open. */
  readonly data?: TaskData;
  readonly signal?: AbortSignal | undefined;
  readonly onMessage?: (line: string) => void;
  readonly onRead?: OnRead;
  readonly onStep?: FitInput['onStep'];
  readonly onEpoch?: (record: EpochRecord, isBest: boolean) => void;
}

export interface TrainingOutcome {
  readonly folder: RunFolder;
  readonly history: readonly EpochRecord[];
  readonly bestEpoch: number;
  /** False when it was interrupted. */
  readonly isComplete: boolean;
}

/**
 * Trains as the configuration says, into a run folder, from which it goes on after any interruption. The engine must be open.
 * @throws FerError CONFIG_INVALID, INPUT_NOT_FOUND, OUTPUT_UNWRITABLE, WORKER_FAILED
 */
export async function train(asked: TrainConfig, path: string, options: TrainOptions = {}): Promise<TrainingOutcome> {
  assertWorkers(options.workers ?? 1);
  const folder = runFolder(path);
  await makeRunFolder(folder);
  const saved = await loadTrainingState(folder.state);
  if (saved !== null && options.resume !== true) {
    throw new FerError(
      'CONFIG_INVALID',
      `${path} already holds a run (epoch ${saved.epoch}): go on with --resume, or choose another --output`,
    );
  }
  const { shards, workers, line } = shardsForWorkers(
    asked,
    options.workers ?? 1,
    saved === null ? null : await readBegunShards(folder.config),
  );
  if (line !== null) options.onMessage?.(line);
  const config: TrainConfig = { ...asked, shards };
  try {
    const data = options.data ?? (await openTaskData(config, options.onRead));
    try {
      return await trainOn(data, config, folder, saved, { ...options, workers });
    } finally {
      if (options.data === undefined) await data.close();
    }
  } catch (error) {
    await dropEmptyRunFolder(folder);
    throw error;
  }
}

async function trainOn(
  data: TaskData,
  config: TrainConfig,
  folder: RunFolder,
  saved: TrainingState | null,
  options: TrainOptions,
): Promise<TrainingOutcome> {
  const task = await data.task(config, options.onRead);
  try {
    assertTwoClasses(task, config);
    if (saved === null) await initialise(task, config, data, options);
    for (const line of [...dataLines(task, config), ...warmUpLines(config)]) options.onMessage?.(line);
    return await runTask(task, config, folder, saved, options);
  } finally {
    task.dispose();
  }
}

async function initialise(
  { model, labels }: TrainingTask,
  { init }: TrainConfig,
  { part }: TaskData,
  { onMessage }: TrainOptions,
): Promise<void> {
  if (init === RECOGNITION)
    onMessage?.(`${await startFromRecognition(model)} weights taken over from face-api's face recognition network`);
  else if (init !== null) await startFrom(model, await partOf(init, part), labels, onMessage);
}

async function runTask(
  task: TrainingTask,
  config: TrainConfig,
  folder: RunFolder,
  saved: TrainingState | null,
  options: TrainOptions,
): Promise<TrainingOutcome> {
  const { model, training, validation } = task;
  const { labels } = task.labels;
  const fingerprint = fingerprintOf(config, training);
  if (
    saved !== null &&
    saved.fingerprint !== fingerprint &&
    saved.fingerprint !== earlierFingerprintOf(config, training)
  ) {
    throw new FerError(
      'CONFIG_INVALID',
      `${folder.path} holds a run of another configuration or data set: resume it with those, or choose another --output (to train on for longer, start one with --init ${folder.last})`,
    );
  }
  if (saved !== null) await task.assertGoesOn(folder.last);
  await writeFileAtomic(folder.config, `${JSON.stringify(config, null, 2)}\n`);
  await writeFileAtomic(
    folder.ambiguityIndex,
    JSON.stringify({ labels, rows: training.rowIds, given: [...training.rowLabels] }),
  );

  const { rowLabels } = training;
  const { workers = 1 } = options;
  const classCount = labels.length;
  const method = buildMethod(config, [...rowLabels], classCount);
  const runner =
    workers === 1
      ? new LocalRunner(model, method)
      : await WorkerRunner.open({ workers, model, loss: config, rowLabels, classCount });
  try {
    const logs = new RunLogs(folder, config, training, labels);
    const state = await fit({
      ...{ model, method, runner, training, validation, fingerprint },
      classCount,
      settings: fitSettings(config),
      state: saved,
      signal: options.signal,
      onStep: options.onStep,
      onEpoch: async ({ state: now, isBest, rows }) => {
        const record = now.history.at(-1)!;
        const figures = { temperature: record.calibration?.temperature ?? 1, metrics: metricsOf(record) };
        await writeEpochRows(folder.ambiguity, now.epoch, rows);
        await task.save(folder.last, figures);
        if (isBest) await task.save(folder.best, figures);
        await logs.write(now, rows);
        // Last, for it says that the epoch is done, and nothing of it will be written again.
        await saveTrainingState(folder.state, now);
        await clearLeftovers(folder);
        options.onEpoch?.(record, isBest);
      },
    });
    const isComplete = options.signal?.aborted !== true;
    if (isComplete) {
      const places = new Map(training.rowIds.map((id, row) => [id, row]));
      const { rows } = await auditRun(folder.path, (id) => training.picture(places.get(id)!));
      options.onMessage?.(
        `labels that look wrong: ${rows.filter(({ isSuspect }) => isSuspect).length} of ${rows.length}, in ${join(folder.path, AUDIT_HTML)}`,
      );
    }
    return { folder, history: state.history, bestEpoch: state.bestEpoch, isComplete };
  } finally {
    await runner.dispose();
  }
}

function fitSettings(config: TrainConfig): FitSettings {
  const { name, learningRate, headRate, clipNorm, weightDecay, beta1, beta2, epsilon } = config.optimizer;
  const {
    epochs,
    batchSize,
    shards,
    accumulate,
    warmUpEpochs,
    schedule,
    averageDecay,
    sampler,
    mixup,
    patience,
    selectBy,
    seed,
  } = config;
  return {
    ...{
      epochs,
      batchSize,
      shards,
      accumulate,
      warmUpEpochs,
      schedule,
      averageDecay,
      sampler,
      mixup,
      patience,
      selectBy,
      seed,
    },
    ...{ learningRate, headRate, clipNorm },
    adam: { beta1, beta2, epsilon, weightDecay, decoupled: name === 'adamw' },
  };
}

function metricsOf({ epoch, loss, validation, calibration }: EpochRecord): Record<string, number> {
  if (validation === null) return { epoch, trainingLoss: loss };
  const { accuracy, meanClassAccuracy, macroF1, loss: validationLoss, expectedCalibrationError } = validation;
  return {
    epoch,
    trainingLoss: loss,
    validationLoss,
    accuracy,
    meanClassAccuracy,
    macroF1,
    expectedCalibrationError,
    ...(calibration == null
      ? {}
      : { calibratedLoss: calibration.loss, calibratedError: calibration.expectedCalibrationError }),
  };
}

/**
 * What must be the same for a run to go on: the configuration, but for where files lie, and the samples with their labels. Which frame network an encoder is, its
 * task compares; what an audit excludes shows in the samples.
 */
function fingerprintOf(config: TrainConfig, training: TrainingSet): string {
  const network = withoutFolders(config.network);
  return earlierFingerprintOf(
    { ...config, network, exclude: config.exclude === null ? null : { ...config.exclude, file: '' } },
    training,
  );
}

function withoutFolders(network: NetworkConfig): NetworkConfig {
  if (network.name === 'temporal') return { ...network, encoder: '' };
  return network.name === 'joined' ? { ...network, of: network.of.map(() => '') } : network;
}

/** As runs were marked when those two places counted too. */
function earlierFingerprintOf(
  { data: _data, init: _init, ...rest }: TrainConfig,
  { rowIds, rowLabels }: TrainingSet,
): string {
  return createHash('sha256')
    .update(JSON.stringify([rest, rowIds, [...rowLabels]], withoutLaterSettings))
    .digest('hex');
}
