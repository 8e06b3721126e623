import { createHash } from 'node:crypto';
import { FerError } from '../../errors/fer-error.js';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { currentBackend } from '../../model/engines/open-backend.js';
import { trainedPart } from '../../model/heads/model-folder.js';
import { startFromRecognition } from '../../model/networks/face-resnet.js';
import { requireEngine } from '../../model/tfjs.js';
import { RECOGNITION } from '../config/train-config.js';
import type { NetworkConfig, TrainConfig } from '../config/train-config.js';
import type { OnRead, TrainingSet } from '../data/training/training-set.js';
import { startFrom } from '../job/build-network.js';
import { openTrainingData } from '../job/training-data.js';
import type { TrainingData } from '../job/training-data.js';
import { assertTwoClasses, dataLines, warmUpLines } from '../job/training-job.js';
import type { TrainingJob } from '../job/training-job.js';
import { recordWarnings } from '../records/epoch-tables.js';
import type { EpochRecord } from '../records/epoch-tables.js';
import { clearLeftovers, dropEmptyRunFolder, makeRunFolder, runFolder, writeEpochRows } from '../records/run-folder.js';
import type { RunFolder } from '../records/run-folder.js';
import { loadTrainingState, saveTrainingState } from '../records/training-state.js';
import type { TrainingState } from '../records/training-state.js';
import { RunLogs } from '../report/run-logs.js';
import { buildMethod, lossOf } from './build-method.js';
import { fit, isOutOfPatience } from './fit.js';
import type { FinishedEpoch, FitSettings } from './fit.js';
import type { TrainOptions, TrainingOutcome } from './train-options.js';
import { LocalRunner } from './gradients.js';
import { planMicroBatches, readStartedMicroBatches } from './epoch-batches.js';
import { WorkerRunner, assertWorkers } from './worker-runner.js';

export interface RunTrainingOptions extends TrainOptions {
  /** The data set, if it is open already; it stays open. */
  readonly data?: TrainingData;
  /** When training is complete, while the data are still open; awaited. */
  readonly onComplete?: (folder: RunFolder, training: TrainingSet) => Promise<void>;
}

/** As the run is recorded. */
type StartedConfig = TrainConfig & { readonly microBatches: number };

/**
 * Trains as configured, into a run folder from which it can resume after any interruption. The engine must be open.
 * @throws FerError BACKEND_UNAVAILABLE, CONFIG_INVALID, INPUT_NOT_FOUND, OUTPUT_UNWRITABLE, WORKER_FAILED
 */
export async function runTraining(
  asked: TrainConfig,
  path: string,
  options: RunTrainingOptions = {},
): Promise<TrainingOutcome> {
  assertWorkers(options.workers ?? 1);
  requireEngine();
  const folder = runFolder(path);
  await makeRunFolder(folder);
  const saved = await loadTrainingState(folder.state);
  if (saved !== null && options.resume !== true) {
    throw new FerError(
      'CONFIG_INVALID',
      `${path} already contains a run (epoch ${saved.epoch}): resume it with --resume, or choose another --output`,
    );
  }
  const startedWith = saved === null ? null : await readStartedMicroBatches(folder.config);
  const { microBatches, workers, line } = planMicroBatches(asked.microBatches, options.workers ?? 1, startedWith);
  if (line !== null) options.onMessage?.(line);
  const config: StartedConfig = { ...asked, microBatches };
  const { signal } = options;
  const onRead: OnRead = (done, total) => {
    signal?.throwIfAborted();
    options.onRead?.(done, total);
  };
  try {
    const data = options.data ?? (await openTrainingData(config, onRead, signal));
    try {
      const job = await data.job(config, onRead);
      try {
        assertTwoClasses(job, config);
        if (saved === null) await initialise(job, config, data, options);
        for (const note of [...dataLines(job, config), ...warmUpLines(config)]) options.onMessage?.(note);
        const usesThreads = options.workers !== undefined && (workers > 1 || currentBackend()?.name === 'wasm');
        return await runJob(job, config, folder, saved, { ...options, workers: usesThreads ? workers : 0 });
      } finally {
        job.dispose();
      }
    } finally {
      if (options.data === undefined) await data.close();
    }
  } catch (error) {
    await dropEmptyRunFolder(folder);
    if (signal?.aborted !== true || error !== signal.reason) throw error;
    return { folder, history: saved?.history ?? [], bestEpoch: saved?.bestEpoch ?? 0, isComplete: false };
  }
}

async function initialise(
  { model, labels }: TrainingJob,
  { init }: TrainConfig,
  { part }: TrainingData,
  { onMessage }: TrainOptions,
): Promise<void> {
  if (init === RECOGNITION)
    onMessage?.(`${await startFromRecognition(model)} weights copied from face-api's face recognition network`);
  else if (init !== null) await startFrom(model, await trainedPart(init, part), labels, onMessage);
}

/** @param options.workers 0: this thread computes */
async function runJob(
  job: TrainingJob,
  config: StartedConfig,
  folder: RunFolder,
  saved: TrainingState | null,
  { workers = 0, signal, onMessage, onStep, onEpoch, onComplete }: RunTrainingOptions,
): Promise<TrainingOutcome> {
  const { model, training, validation } = job;
  const { rowLabels, rowIds } = training;
  const { labels } = job.labels;
  const fingerprint = fingerprintOf(config, training);
  if (saved !== null && saved.fingerprint !== fingerprint) {
    throw new FerError(
      'CONFIG_INVALID',
      `${folder.path} contains a run with another configuration or data set: resume it with those, or choose another --output (to train longer, start a run with --init ${folder.last})`,
    );
  }
  if (saved !== null) await job.assertResumable(folder.last);
  await writeFileAtomic(folder.config, `${JSON.stringify(config, null, 2)}\n`);
  await writeFileAtomic(folder.ambiguityIndex, JSON.stringify({ labels, rows: rowIds, given: [...rowLabels] }));

  const classCount = labels.length;
  const loss = lossOf(config, training, classCount);
  const method = buildMethod(loss, [...rowLabels], classCount);
  const runner =
    workers === 0
      ? new LocalRunner(model, method)
      : await WorkerRunner.open({ workers, model, loss, rowLabels, classCount, signal });
  const logs = new RunLogs(folder, config, training, labels);
  const saveEpoch = async ({ state, isBest, rows }: FinishedEpoch): Promise<void> => {
    const record = state.history.at(-1)!;
    const figures = { temperature: record.calibration?.temperature ?? 1, metrics: metricsOf(record) };
    await writeEpochRows(folder.ambiguity, state.epoch, rows);
    await job.save(folder.last, figures);
    if (isBest) await job.save(folder.best, figures);
    await logs.write(state, rows, state.epoch === config.epochs || isOutOfPatience(state, config));
    // Last, because it marks the epoch as done: nothing of it is written again.
    await saveTrainingState(folder.state, state);
    await clearLeftovers(folder);
    onEpoch?.(record, isBest);
  };
  try {
    const state = await fit({
      ...{ model, method, runner, training, validation, classCount, fingerprint },
      ...{ settings: fitSettings(config), state: saved, signal, onStep, onEpoch: saveEpoch },
    });
    const { epoch, history, bestEpoch } = state;
    const isComplete = epoch >= config.epochs || isOutOfPatience(state, config);
    if (isComplete) {
      const judged = history.find((record) => record.epoch === bestEpoch);
      for (const warning of recordWarnings(judged)) onMessage?.(warning);
      await onComplete?.(folder, training);
    }
    return { folder, history, bestEpoch, isComplete };
  } finally {
    await runner.dispose();
  }
}

function fitSettings(config: StartedConfig): FitSettings {
  const { name, lr, headLrFactor, gradClip, ...adam } = config.optimizer;
  return { ...config, lr, headLrFactor, gradClip, adam: { ...adam, decoupled: name === 'adamw' } };
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
    ...(calibration === null
      ? {}
      : { calibratedLoss: calibration.loss, calibratedError: calibration.expectedCalibrationError }),
  };
}

/**
 * What must be the same for a run to resume: the configuration, except paths, and the samples with their labels. The job compares
 * which frame network an encoder is; what an audit excludes shows in the samples.
 */
function fingerprintOf(
  { data: _data, init: _init, ...config }: TrainConfig,
  { rowIds, rowLabels }: TrainingSet,
): string {
  const { network, exclude } = config;
  const placeless = {
    ...config,
    network: withoutFolders(network),
    exclude: exclude === null ? null : { ...exclude, file: '' },
  };
  return createHash('sha256')
    .update(JSON.stringify([placeless, rowIds, [...rowLabels]]))
    .digest('hex');
}

function withoutFolders(network: NetworkConfig): NetworkConfig {
  if (network.name === 'temporal') return { ...network, encoder: '' };
  return network.name === 'ensemble' ? { ...network, members: network.members.map(() => '') } : network;
}
