import { BlazeFace } from './blazeface.js';
import { DescriptorNet } from './descriptor.js';
import type { DetectorName, FaceDetector } from './detector.js';
import { FacePresence } from './face-presence.js';
import { type LandmarkNetName, LandmarkNet } from './landmarks.js';
import { SsdMobileNet } from './ssd-mobilenet.js';
import { TinyFaceDetector } from './tiny-face-detector.js';

/** The networks behind following faces; one set serves any number of followers. */
export interface FaceNets {
  readonly detector: FaceDetector;
  readonly presence: FacePresence;
  readonly landmarks: LandmarkNet;
  readonly descriptor: DescriptorNet;
  dispose(): void;
}

export interface FaceNetOptions {
  /** The default finds most faces at the least cost: bench/detectors.md. */
  readonly detector?: DetectorName;
  readonly landmarks?: LandmarkNetName;
}

/**
 * Loads all networks into the engine that TensorFlow.js is set to.
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
    descriptor: await DescriptorNet.load(),
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
