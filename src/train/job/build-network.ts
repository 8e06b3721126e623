import type * as tf from '@tensorflow/tfjs';
import { loadCheckpoint, readCheckpointInfo } from '../../model/checkpoint/load-checkpoint.js';
import { DEFAULT_CROP } from '../../model/crop-geometry.js';
import type { CropGeometry } from '../../model/crop-geometry.js';
import type { LabelSet } from '../../model/label-set.js';
import { frameClassifier } from '../../model/networks/classifier.js';
import { compactResidualNet } from '../../model/networks/compact-residual-net.js';
import { faceResNet } from '../../model/networks/face-resnet.js';
import { joinClassifiers } from '../../model/networks/join-classifiers.js';
import { resNet18 } from '../../model/networks/resnet18.js';
import type { NetworkConfig } from '../config/train-config.js';
import { FRAME_PART, partOf } from '../../model/heads/model-folder.js';

export type FrameNetworkConfig = Exclude<NetworkConfig, { name: 'temporal' }>;
type JoinedConfig = Extract<NetworkConfig, { name: 'joined' }>;

/**
 * How faces are cut for a network: always the same places for eyes and mouth, whatever the size; as its parts want them for a joined one.
 * @throws FerError WEIGHTS_MISSING where a part is no model
 */
export async function geometryOf(network: FrameNetworkConfig): Promise<CropGeometry> {
  if (network.name === 'joined') return (await readCheckpointInfo(await partOf(network.of[0]!, FRAME_PART))).crop;
  return { ...DEFAULT_CROP, size: network.size, channels: network.name === 'resnet18' ? 3 : network.channels };
}

/**
 * A frame classifier with its initial weights; a joined one has those of its parts. [B, S, S, C] -> logits [B, classes]
 * @param crop how its faces are cut (geometryOf)
 * @throws FerError WEIGHTS_MISSING, MODEL_INCOMPATIBLE where parts do not fit one another or the labels
 */
export async function buildFrameNetwork(
  network: FrameNetworkConfig,
  labels: LabelSet,
  crop: CropGeometry,
  seed: number,
): Promise<tf.LayersModel> {
  if (network.name === 'joined') return await join(network, labels, crop);
  return frameClassifier(frameEncoder(network, seed), { classes: labels.size, dropout: network.dropout, seed });
}

function frameEncoder(network: Exclude<FrameNetworkConfig, JoinedConfig>, seed: number): tf.LayersModel {
  switch (network.name) {
    case 'compact':
      return compactResidualNet({ ...network, seed });
    case 'resnet18':
      return resNet18({ ...network, seed });
    case 'face-resnet':
      return faceResNet({ ...network, seed });
  }
}

async function join(network: JoinedConfig, labels: LabelSet, crop: CropGeometry): Promise<tf.LayersModel> {
  const parts: tf.LayersModel[] = [];
  try {
    for (const folder of network.of)
      parts.push((await loadCheckpoint(await partOf(folder, FRAME_PART), { kind: 'frame', labels, crop })).model);
    return await joinClassifiers(parts, network.shares ?? undefined);
  } finally {
    for (const part of parts) part.dispose();
  }
}
