import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tf } from '../tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import type { CropGeometry } from '../crop-geometry.js';
import type { LabelSet } from '../label-set.js';
// Registers our own layers.
import '../networks/custom-layers.js';
import { verifyFiles, verifyWeights } from './checkpoint-files.js';
import { parseCheckpointInfo } from './checkpoint-info.js';
import type { CheckpointInfo } from './checkpoint-info.js';
import { INFO_FILE, folderHandler } from './folder-handler.js';

/** What the caller requires; omitted properties may be anything. */
export interface CheckpointWanted {
  readonly kind?: CheckpointInfo['kind'];
  /** Labels and order must match; the name of the set need not. */
  readonly labels?: LabelSet;
  readonly crop?: CropGeometry;
}

export interface Checkpoint {
  readonly model: tf.LayersModel;
  readonly info: CheckpointInfo;
}

/**
 * Reads the description only, not the weights.
 * @throws FerError WEIGHTS_MISSING when there is no checkpoint, MODEL_INCOMPATIBLE when it cannot be used as wanted.
 */
export async function readCheckpointInfo(folder: string, wanted: CheckpointWanted = {}): Promise<CheckpointInfo> {
  const path = join(folder, INFO_FILE);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new FerError(
      'WEIGHTS_MISSING',
      `checkpoint ${folder}: ${missing ? `there is no ${INFO_FILE}` : `${INFO_FILE} cannot be read`}; give the folder of a model trained with ferstream`,
      {
        cause: error,
      },
    );
  }
  const info = parseCheckpointInfo(json, path);
  assertFits(info, wanted, folder);
  return info;
}

/**
 * Loads what saveCheckpoint wrote. The caller disposes the model.
 * @throws FerError WEIGHTS_MISSING when files are missing or damaged, MODEL_INCOMPATIBLE when it cannot be used as wanted.
 */
export async function loadCheckpoint(folder: string, wanted: CheckpointWanted = {}): Promise<Checkpoint> {
  const info = await readCheckpointInfo(folder, wanted);
  await verifyFiles(folder, info);
  try {
    const artifacts = await folderHandler(folder).load!();
    verifyWeights(folder, artifacts);
    return { model: await tf.loadLayersModel(tf.io.fromMemory(artifacts)), info };
  } catch (error) {
    if (error instanceof FerError) throw error;
    const why = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    throw new FerError(
      'WEIGHTS_MISSING',
      `checkpoint ${folder}: the network cannot be loaded (${why}); copy the folder again`,
      { cause: error },
    );
  }
}

function assertFits(info: CheckpointInfo, { kind, labels, crop }: CheckpointWanted, folder: string): void {
  const refuse = (has: string, want: string, fix: string): never => {
    throw new FerError('MODEL_INCOMPATIBLE', `checkpoint ${folder} ${has}, wanted: ${want}; ${fix}`);
  };
  if (kind !== undefined && kind !== info.kind)
    refuse(`is a ${info.kind} network`, `a ${kind} network`, 'use the other one');
  const own = info.labelSet;
  if (labels && (own.labels.length !== labels.size || own.labels.some((label, i) => label !== labels.labels[i]))) {
    refuse(
      `has label set "${own.name}" (${own.labels.join(', ')})`,
      `"${labels.name}" (${labels.labels.join(', ')})`,
      'use a model trained on that label set, or use it as initial weights only (--init)',
    );
  }
  if (crop && !sameCrop(info.crop, crop))
    refuse(
      `was trained on crops of ${describeCrop(info.crop)}`,
      describeCrop(crop),
      'crop the faces as it expects, or train again',
    );
}

function sameCrop(a: CropGeometry, b: CropGeometry): boolean {
  return describeCrop(a) === describeCrop(b);
}

function describeCrop({ size, channels, eyes, mouth }: CropGeometry): string {
  return `${size}x${size} pixels, ${channels === 1 ? 'grey' : 'colour'}, eyes at (${eyes.x}, ${eyes.y}), mouth at (${mouth.x}, ${mouth.y})`;
}
