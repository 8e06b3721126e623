import { allOrNone } from '../../model/sessions/network.js';
import type { Network, OpenSession } from '../../model/sessions/network.js';
import { networkToOnnx, openTfjsSession } from '../../model/sessions/tfjs-session.js';
import { LandmarkNet, type LandmarkNetName, landmarkNetwork } from './align/landmark-net.js';
import { BLAZEFACE, BlazeFace } from './detect/blazeface.js';
import type { DetectorName, FaceDetector } from './detect/detector.js';
import { SSD_MOBILENET, SsdMobileNet } from './detect/ssd-mobilenet.js';
import { TINY_FACE_DETECTOR, TinyFaceDetector } from './detect/tiny-face-detector.js';
import { EmbeddingNet, FACE_EMBEDDING } from './re-identify/embedding-net.js';
import { FacePresence, PRESENCE } from './verify/face-presence.js';

/** The networks of face following; one set serves any number of followers. */
export interface FaceNets {
  readonly detector: FaceDetector;
  readonly presence: FacePresence;
  readonly landmarks: LandmarkNet;
  readonly embedding: EmbeddingNet;
  dispose(): void;
}

export interface FaceNetOptions {
  /** The default finds most faces at the lowest cost: bench/detectors.md. */
  readonly detector?: DetectorName;
  readonly landmarks?: LandmarkNetName;
  /** Opens the networks; on the current TensorFlow.js engine by default. */
  readonly open?: OpenSession;
}

/**
 * Loads all networks, side by side.
 * @throws FerError WEIGHTS_MISSING
 */
export async function loadFaceNets({
  detector = 'blazeface',
  landmarks = 'tiny',
  open = openTfjsSession,
}: FaceNetOptions = {}): Promise<FaceNets> {
  const [faceDetector, presence, landmarkNet, embedding] = await allOrNone([
    loadDetector(detector, open),
    FacePresence.load(open),
    LandmarkNet.load(landmarks, open),
    EmbeddingNet.load(open),
  ]);
  const nets = { detector: faceDetector, presence, landmarks: landmarkNet, embedding };
  return {
    ...nets,
    dispose: () => {
      for (const net of Object.values(nets)) net.dispose();
    },
  };
}

/** @throws FerError WEIGHTS_MISSING */
async function loadDetector(name: DetectorName, open: OpenSession = openTfjsSession): Promise<FaceDetector> {
  switch (name) {
    case 'blazeface':
      return BlazeFace.load(open);
    case 'tiny':
      return TinyFaceDetector.load(open);
    case 'ssd':
      return SsdMobileNet.load(open);
  }
}

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
