import { TEMPORAL_PART } from '../../model/heads/model-folder.js';
import type { TrainConfig } from '../config/train-config.js';
import type { Split } from '../data/sample.js';
import { openData } from '../data/training/open-data.js';
import type { EvaluationSet, OnRead } from '../data/training/training-set.js';
import { clipJob, clipSplit, encodeClips } from './clip-job.js';
import { imageJob, imageSplit } from './image-job.js';
import type { TrainingJob } from './training-job.js';

/** A data set opened for a kind of network; runs that differ in anything else share it. */
export interface TrainingData {
  /** The network at its start, and the data to fit it to. */
  job(config: TrainConfig, onRead?: OnRead): Promise<TrainingJob>;
  /** A split without augmentation, to evaluate a model on. */
  split(split: Split): Promise<EvaluationSet>;
  /** Folder of the trained network inside a model folder. */
  readonly part: string;
  /** Closes its files; no job may use them any more. */
  close(): Promise<void>;
}

/** @throws FerError what reading the data set throws, and the reason of `signal` once it is aborted */
export async function openTrainingData(
  config: TrainConfig,
  onRead?: OnRead,
  signal?: AbortSignal,
): Promise<TrainingData> {
  const { network } = config;
  const data = await openData(config, signal);
  const close = (): Promise<void> => data.close();
  if (network.name !== 'temporal') {
    return {
      part: '.',
      close,
      job: (own, onImage) => imageJob(data, own, network, onImage),
      split: (split) => imageSplit(data, network, split),
    };
  }
  const encoded = await encodeClips(data, network, onRead).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    part: TEMPORAL_PART,
    close,
    job: (own) => clipJob(encoded, own, own.network.name === 'temporal' ? own.network : network),
    split: (split) => Promise.resolve(clipSplit(encoded, split)),
  };
}
