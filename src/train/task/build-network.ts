import type * as tf from '@tensorflow/tfjs';
import { DEFAULT_CROP } from '../../model/crop-geometry.js';
import type { CropGeometry } from '../../model/crop-geometry.js';
import { compactResidualNet, frameClassifier, resNet18 } from '../../model/networks/index.js';
import type { NetworkConfig } from '../config/index.js';

export type FrameNetworkConfig = Exclude<NetworkConfig, { name: 'temporal' }>;

/** How faces are cut for a network: always the same places for eyes and mouth, whatever the size. */
export function geometryOf(network: FrameNetworkConfig): CropGeometry {
  return { ...DEFAULT_CROP, size: network.size, channels: network.name === 'compact' ? network.channels : 3 };
}

/** A frame classifier with its initial weights. [B, S, S, C] -> logits [B, classes] */
export function buildFrameNetwork(network: FrameNetworkConfig, classes: number, seed: number): tf.LayersModel {
  const { size, dropout } = network;
  const encoder = network.name === 'compact' ? compactResidualNet({ size, channels: network.channels, width: network.width, depth: network.depth, seed }) : resNet18({ size, seed });
  return frameClassifier(encoder, { classes, dropout, seed });
}
