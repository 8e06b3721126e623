import { disposeWeights, loadFaceApiWeights, loadHumanGraph } from '../../model/pretrained/weight-files.js';
import { currentBackend, openBackend } from '../../model/engines/open-backend.js';
import { reasonOf } from './check.js';
import type { CheckResult } from './check.js';

const FACE_API = [
  'tiny_face_detector_model',
  'ssd_mobilenetv1_model',
  'face_landmark_68_model',
  'face_landmark_68_tiny_model',
  'face_recognition_model',
  'face_expression_model',
];
const HUMAN = ['blazeface', 'facemesh'];

/** Whether the networks' weights can be read, by reading them. */
export async function checkWeights(): Promise<readonly CheckResult[]> {
  return [
    await read('@vladmandic/face-api', FACE_API, async (name) => {
      disposeWeights(await loadFaceApiWeights(name));
    }),
    await read('@vladmandic/human', HUMAN, async (name) => {
      disposeWeights((await loadHumanGraph(name)).weights);
    }),
  ];
}

async function read(
  packageName: string,
  networks: readonly string[],
  load: (name: string) => Promise<void>,
): Promise<CheckResult> {
  const name = 'weights';
  try {
    // Whatever became of the engine asked for: decoding needs one, and TensorFlow.js left alone would take plain `cpu`.
    if (currentBackend() === null) await openBackend({ backend: 'wasm' });
    for (const network of networks) await load(network);
    return { name, status: 'ok', detail: `${packageName}: ${networks.join(', ')}`, mend: null };
  } catch (error) {
    return { name, status: 'failed', detail: reasonOf(error), mend: `npm install ${packageName}` };
  }
}
