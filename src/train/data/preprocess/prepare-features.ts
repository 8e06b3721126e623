import { stopSignal, withFolderLock } from '../../../files/folder-lock.js';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tf } from '../../../model/tfjs.js';
import { throwIfAborted } from '../../../errors/fer-error.js';
import { checkpointHash } from '../../../model/checkpoint/checkpoint-files.js';
import { loadCheckpoint } from '../../../model/checkpoint/checkpoint.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { encoderOf } from '../../../model/networks/classifier.js';
import type { CropSource } from '../crops/crop-source.js';
import { FRAME_PART, trainedPart } from '../../../model/heads/model-folder.js';
import {
  FEATURES_FILE,
  FEATURES_INFO_FILE,
  bytesPerCrop,
  startedFeatures,
  writeFeaturesInfo,
} from './file-features.js';
import type { FeaturesInfo } from './file-features.js';
import { openPrepared } from './read-prepared.js';

/** Crops at a time. Work resumes at a multiple of it, so that every crop is always computed in the same batch. */
const BATCH = 64;

export interface FeaturesOptions {
  /** Stops after the batch at work; what is done is kept. */
  readonly signal?: AbortSignal;
  /** In crops. */
  readonly onProgress?: (done: number, total: number, resumed: number) => void;
}

export interface FeaturesSummary {
  readonly crops: number;
  readonly dimensions: number;
  /** Hash of the checkpoint. */
  readonly checkpoint: string;
  /** Crops that a former run had done. */
  readonly resumed: number;
}

/**
 * Computes the features of every crop of a prepared folder and of its mirror image with the frame encoder of a trained model, and keeps them next to the
 * crops: a temporal encoder is then trained without running the frame encoder again. A stopped run resumes; features of another
 * checkpoint are replaced. An engine must be open.
 *
 * @param model folder of a frame checkpoint, or one with such a checkpoint in `frame/`
 * @throws FerError WEIGHTS_MISSING, MODEL_INCOMPATIBLE when the model wants other crops, FOLDER_IN_USE, INTERRUPTED, and what `openPrepared` throws
 */
export async function prepareFeatures(
  folder: string,
  model: string,
  options: FeaturesOptions = {},
): Promise<FeaturesSummary> {
  const prepared = await openPrepared(folder);
  await prepared.close();
  return withFolderLock(prepared.folder, 'fer dataset prepare --features', (lock) =>
    prepareLocked(folder, model, { ...options, signal: stopSignal(lock, options.signal) }),
  );
}

async function prepareLocked(
  folder: string,
  model: string,
  { signal, onProgress }: FeaturesOptions,
): Promise<FeaturesSummary> {
  const prepared = await openPrepared(folder);
  try {
    const { crops } = prepared;
    const checkpointFolder = await trainedPart(model, FRAME_PART);
    const checkpoint = await loadCheckpoint(checkpointFolder, { kind: 'frame', crop: crops.geometry });
    try {
      const encoder = encoderOf(checkpoint.model);
      const dimensions = encoder.outputs[0]!.shape[1]!;
      const hash = await checkpointHash(checkpointFolder);
      const info: FeaturesInfo = {
        format: 1,
        checkpoint: hash,
        network: checkpoint.info.network,
        dimensions,
        crops: crops.count,
      };
      const resumed = await computeAll(prepared.folder, crops, encoder, info, {
        ...(signal && { signal }),
        ...(onProgress && { onProgress }),
      });
      return { crops: crops.count, dimensions, checkpoint: hash, resumed };
    } finally {
      checkpoint.model.dispose();
    }
  } finally {
    await prepared.close();
  }
}

/** Returns how many crops were done before. */
async function computeAll(
  folder: string,
  crops: CropSource,
  encoder: tf.LayersModel,
  info: FeaturesInfo,
  { signal, onProgress }: FeaturesOptions,
): Promise<number> {
  const path = join(folder, FEATURES_FILE);
  const started = await startedFeatures(folder);
  if (JSON.stringify(started) !== JSON.stringify(info)) {
    // The old description is removed first, so that it never describes the features of another checkpoint.
    await rm(join(folder, FEATURES_INFO_FILE), { force: true });
    await rm(path, { force: true });
    await writeFeaturesInfo(folder, info);
  }
  const file = await open(path, 'a');
  try {
    const bytes = bytesPerCrop(info);
    const written = Math.min(crops.count, Math.floor((await file.stat()).size / bytes));
    const resumed = written === crops.count ? written : written - (written % BATCH);
    await file.truncate(resumed * bytes);
    for (let from = resumed; from < crops.count; from += BATCH) {
      throwIfAborted(signal, folder);
      onProgress?.(from, crops.count, resumed);
      const indices = Array.from({ length: Math.min(BATCH, crops.count - from) }, (_, i) => from + i);
      const features = await bothViews(await crops.read(indices), crops.geometry, encoder);
      await file.appendFile(new Uint8Array(features.buffer, features.byteOffset, features.byteLength));
    }
    await file.sync();
    onProgress?.(crops.count, crops.count, resumed);
    return resumed;
  } finally {
    await file.close();
  }
}

/** @param crops [B, S, S, C]; returns [B, 2, D]: of the picture, and of its mirror image */
async function bothViews(
  crops: Uint8Array,
  { size, channels }: CropGeometry,
  encoder: tf.LayersModel,
): Promise<Float32Array> {
  const count = crops.length / (size * size * channels);
  const features = tf.tidy(() => {
    const plain = tf.tensor4d(Float32Array.from(crops), [count, size, size, channels]);
    const predict = (images: tf.Tensor4D): tf.Tensor => encoder.predict(images) as tf.Tensor; // [B, D]
    return tf.stack([predict(plain), predict(plain.reverse(2))], 1); // [B, 2, D]
  });
  try {
    return (await features.data()) as Float32Array;
  } finally {
    features.dispose();
  }
}
