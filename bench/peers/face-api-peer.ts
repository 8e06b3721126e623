import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { tf } from '../../src/model/tfjs.js';
import { openBackend } from '../../src/model/engines/open-backend.js';
import { largest } from './peer.js';
import type { Peer } from './peer.js';

interface Face {
  readonly detection: { readonly box: { readonly area: number } };
  readonly expressions: Readonly<Record<string, number>>;
}

interface FaceApi {
  readonly nets: Record<string, { loadFromDisk(folder: string): Promise<void> }>;
  readonly TinyFaceDetectorOptions: new (options: { inputSize: number }) => unknown;
  readonly SsdMobilenetv1Options: new (options: object) => unknown;
  detectAllFaces(
    input: tf.Tensor3D,
    options: unknown,
  ): { withFaceLandmarks(): { withFaceExpressions(): Promise<readonly Face[]> } };
}

const LABELS = ['neutral', 'happy', 'sad', 'angry', 'fearful', 'disgusted', 'surprised'] as const;
const DETECTORS = {
  'face-api, tiny detector': 'tinyFaceDetector',
  'face-api, SSD detector': 'ssdMobilenetv1',
} as const;

export type FaceApiName = keyof typeof DETECTORS;
export const FACE_API_NAMES = Object.keys(DETECTORS) as readonly FaceApiName[];

/** `detectAllFaces().withFaceLandmarks().withFaceExpressions()` of @vladmandic/face-api, with one of its two detectors. */
export async function openFaceApi(name: FaceApiName): Promise<Peer> {
  await openBackend({ backend: 'wasm' });
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');
  const faceApi = require('@vladmandic/face-api/dist/face-api.node-wasm.js') as FaceApi;
  for (const net of [DETECTORS[name], 'faceLandmark68Net', 'faceExpressionNet'])
    await faceApi.nets[net]!.loadFromDisk(folder);
  const options =
    DETECTORS[name] === 'tinyFaceDetector'
      ? new faceApi.TinyFaceDetectorOptions({ inputSize: 320 })
      : new faceApi.SsdMobilenetv1Options({});
  return {
    name,
    labels: LABELS,
    trainedOn: 'not published in full (pictures from the web and public data sets)',
    async answer({ data, width, height }) {
      const image = tf.tensor3d(data, [height, width, 3], 'int32'); // [H, W, 3]
      try {
        const faces = await faceApi.detectAllFaces(image, options).withFaceLandmarks().withFaceExpressions();
        const face = largest(faces, ({ detection }) => detection.box.area);
        return face === null ? null : Float32Array.from(LABELS, (label) => face.expressions[label] ?? 0);
      } finally {
        image.dispose();
      }
    },
  };
}
