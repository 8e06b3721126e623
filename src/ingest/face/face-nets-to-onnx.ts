import { networkToOnnx } from '../../model/sessions/tfjs-session.js';
import type { Network } from '../../model/sessions/network.js';
import { landmarkNetwork } from './align/landmark-net.js';
import { BLAZEFACE } from './detect/blazeface.js';
import { SSD_MOBILENET } from './detect/ssd-mobilenet.js';
import { TINY_FACE_DETECTOR } from './detect/tiny-face-detector.js';
import { FACE_EMBEDDING } from './re-identify/embedding-net.js';
import { PRESENCE } from './verify/face-presence.js';

/** The networks of face following. Inputs are scaled as their definitions say. */
export const FACE_NETWORKS: readonly Network[] = [
  BLAZEFACE,
  PRESENCE,
  landmarkNetwork('tiny'),
  landmarkNetwork('full'),
  FACE_EMBEDDING,
  TINY_FACE_DETECTOR,
  SSD_MOBILENET,
];

/**
 * One of the borrowed face networks as an ONNX file.
 * @throws FerError WEIGHTS_MISSING
 */
export async function faceNetToOnnx(network: Network, version: string): Promise<Uint8Array> {
  const loaded = await network.load();
  try {
    return await networkToOnnx(network, loaded, version);
  } finally {
    loaded.dispose();
  }
}
