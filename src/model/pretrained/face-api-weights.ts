import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/fer-error.js';

const require = createRequire(import.meta.url);

/** The networks whose weights ship inside the npm package @vladmandic/face-api. */
export type FaceApiModel =
  | 'face_expression_model'
  | 'face_landmark_68_model'
  | 'face_landmark_68_tiny_model'
  | 'face_recognition_model'
  | 'ssd_mobilenetv1_model'
  | 'tiny_face_detector_model';

/** The folder that holds face-api's weights. */
export function faceApiModelDir(): string {
  return join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');
}

/**
 * Reads (and dequantises) the weights of one face-api network. The caller owns the tensors.
 *
 * @throws FerError WEIGHTS_MISSING
 */
export async function readFaceApiWeights(model: FaceApiModel): Promise<tf.NamedTensorMap> {
  try {
    const dir = faceApiModelDir();
    const manifest = JSON.parse(await readFile(join(dir, `${model}-weights_manifest.json`), 'utf8')) as tf.io.WeightsManifestConfig;
    const group = manifest[0]!;
    const shards = await Promise.all(group.paths.map((path) => readFile(join(dir, path))));
    const bytes = Uint8Array.from(Buffer.concat(shards));
    return tf.io.decodeWeights(bytes.buffer, group.weights);
  } catch (error) {
    throw new FerError('WEIGHTS_MISSING', `weights of ${model}: cannot be read from @vladmandic/face-api; run "npm install" again`, {
      cause: error,
    });
  }
}
