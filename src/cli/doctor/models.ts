import { needTensorFlow } from '../../model/engines/open-backend.js';
import { describeShipped } from '../../model/heads/model-folder.js';
import { DEFAULT_MODEL, MODEL_NAMES } from '../../model/expression-model.js';
import { disposeWeights, loadFaceApiWeights, loadHumanGraph } from '../../model/pretrained/weight-files.js';
import { reasonOf } from './system.js';
import type { CheckResult } from './system.js';

/** Whether the shipped models are complete. Annotation needs the default one. */
export async function checkModels(folder?: string, taken: string = DEFAULT_MODEL): Promise<readonly CheckResult[]> {
  const trained = MODEL_NAMES.filter((model) => model !== 'baseline');
  return Promise.all(
    trained.map(async (model): Promise<CheckResult> => {
      const name = `model ${model}`;
      try {
        const { hash, bytes } = await describeShipped(model, folder);
        return { name, status: 'ok', detail: `${(bytes / 1e6).toFixed(2)} MB, ${hash}`, fix: null };
      } catch (error) {
        const needed = model === taken;
        return {
          name,
          status: needed ? 'failed' : 'note',
          detail: reasonOf(error),
          fix: needed ? 'npm install ferstream' : null,
        };
      }
    }),
  );
}

const FACE_API = [
  'tiny_face_detector_model',
  'ssd_mobilenetv1_model',
  'face_landmark_68_model',
  'face_landmark_68_tiny_model',
  'face_recognition_model',
  'face_expression_model',
];
const HUMAN = ['blazeface', 'facemesh'];

/** Whether the weights of the face networks can be read. */
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
    // Decoding needs an engine; without one TensorFlow.js would use plain `cpu`.
    await needTensorFlow();
    for (const network of networks) await load(network);
    return { name, status: 'ok', detail: `${packageName}: ${networks.join(', ')}`, fix: null };
  } catch (error) {
    return { name, status: 'failed', detail: reasonOf(error), fix: `npm install ${packageName}` };
  }
}
