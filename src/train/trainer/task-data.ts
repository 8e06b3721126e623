import { FerError } from '../../errors/fer-error.js';
import type { TrainConfig } from '../config/index.js';
import type { Split } from '../datasets/index.js';
import { imageSplit, imageTask, openImages } from './image-task.js';
import type { EvaluationSet } from './training-set.js';
import type { OnRead, TrainingTask } from './training-task.js';

/** A data set opened for a kind of network; runs that differ in anything else share it. */
export interface TaskData {
  /** The network at its start, and the data to fit it to. */
  task(config: TrainConfig, onRead?: OnRead): Promise<TrainingTask>;
  /** A split as it is, to measure a model on. */
  split(split: Split): Promise<EvaluationSet>;
}

/** @throws FerError what reading the data set throws */
export async function openTaskData(config: TrainConfig): Promise<TaskData> {
  const { network } = config;
  if (network.name === 'temporal') throw new FerError('CONFIG_INVALID', 'network.name: temporal networks are trained on clips');
  const images = await openImages(config);
  return {
    task: (own, onRead) => imageTask(images, own, network, onRead),
    split: (split) => imageSplit(images, network, split),
  };
}
