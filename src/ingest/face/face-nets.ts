import { BlazeFace } from './detect/blazeface.js';
import { EmbeddingNet } from './re-identify/embedding-net.js';
import type { DetectorName, FaceDetector } from './detect/detector.js';
import { FacePresence } from './verify/face-presence.js';
import { type LandmarkNetName, LandmarkNet } from './align/landmark-net.js';
import { SsdMobileNet } from './detect/ssd-mobilenet.js';
import { openTfjsSession } from '../../model/sessions/tfjs-session.js';
import type { OpenSession } from '../../model/sessions/network.js';
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
  const [faceDetector, presence, landmarkNet, embedding] = await Promise.all([
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
export async function loadDetector(name: DetectorName, open: OpenSession = openTfjsSession): Promise<FaceDetector> {
  switch (name) {
    case 'blazeface':
      return BlazeFace.load(open);
    case 'tiny':
      return TinyFaceDetector.load(open);
    case 'ssd':
      return SsdMobileNet.load(open);
  }
}
