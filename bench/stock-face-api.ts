import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { tf } from '../src/model/tfjs.js';
import type { Frame } from '../src/ingest/frame.js';

/** The part of face-api that the stock chain uses. */
interface StockFaceApi {
  readonly nets: Record<
    'tinyFaceDetector' | 'faceLandmark68Net' | 'faceExpressionNet',
    { loadFromDisk(dir: string): Promise<void> }
  >;
  readonly TinyFaceDetectorOptions: new (options: { inputSize: number }) => unknown;
  detectAllFaces(
    input: tf.Tensor3D,
    options: unknown,
  ): { withFaceLandmarks(): { withFaceExpressions(): Promise<unknown[]> } };
}

/** face-api as its own documentation uses it; returns the number of faces in a frame. */
export async function openStockChain(): Promise<(frame: Frame) => Promise<number>> {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');
  const faceApi = require('@vladmandic/face-api/dist/face-api.node-wasm.js') as StockFaceApi;
  const { tinyFaceDetector, faceLandmark68Net, faceExpressionNet } = faceApi.nets;
  for (const net of [tinyFaceDetector, faceLandmark68Net, faceExpressionNet]) await net.loadFromDisk(folder);
  const options = new faceApi.TinyFaceDetectorOptions({ inputSize: 320 });
  return async ({ data, width, height }) => {
    const image = tf.tensor3d(data, [height, width, 3], 'int32');
    const faces = await faceApi.detectAllFaces(image, options).withFaceLandmarks().withFaceExpressions();
    image.dispose();
    return faces.length;
  };
}
