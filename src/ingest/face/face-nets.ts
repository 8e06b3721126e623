import { BlazeFace } from './detect/blazeface.js';
import { EmbeddingNet } from './re-identify/embedding-net.js';
import type { DetectorName, FaceDetector } from './detect/detector.js';
import { FacePresence } from './verify/face-presence.js';
import { type LandmarkNetName, LandmarkNet } from './align/landmark-net.js';
import { SsdMobileNet } from './detect/ssd-mobilenet.js';
import { TinyFaceDetector } from './detect/tiny-face-detector.js';

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
}

/**
 * Loads all networks into the current TensorFlow.js engine.
 * @throws FerError WEIGHTS_MISSING
 */
export async function loadFaceNets({
  detector = 'blazeface',
  landmarks = 'tiny',
}: FaceNetOptions = {}): Promise<FaceNets> {
  const nets = {
    detector: await loadDetector(detector),
    presence: await FacePresence.load(),
    landmarks: await LandmarkNet.load(landmarks),
    embedding: await EmbeddingNet.load(),
  };
  return {
    ...nets,
    dispose: () => {
      for (const net of Object.values(nets)) net.dispose();
    },
  };
}

/** @throws FerError WEIGHTS_MISSING */
export async function loadDetector(name: DetectorName): Promise<FaceDetector> {
  switch (name) {
    case 'blazeface':
      return BlazeFace.load();
    case 'tiny':
      return TinyFaceDetector.load();
    case 'ssd':
      return SsdMobileNet.load();
  }
}
