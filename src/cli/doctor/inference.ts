import { FerError } from '../../errors/fer-error.js';
import { landmarkNetwork } from '../../ingest/face/align/landmark-net.js';
import { isOnnxBackend } from '../../model/engines/backend.js';
import type { Backend } from '../../model/engines/backend.js';
import { ONNXRUNTIME_INSTALL, isOnnxRuntimeInstalled, openOnnxRuntime } from '../../model/engines/onnxruntime.js';
import { needTensorFlow, openBackend, wantedBackend } from '../../model/engines/open-backend.js';
import type { OpenBackendOptions } from '../../model/engines/open-backend.js';
import { differingPackages, installedTfjsPackages, levelCommand, tfjsVersion } from '../../model/engines/packages.js';
import type { TfjsPackage } from '../../model/engines/packages.js';
import { DEFAULT_MODEL, MODEL_NAMES } from '../../model/expression-model.js';
import { describeShipped } from '../../model/heads/model-folder.js';
import { disposeWeights, loadFaceApiWeights, loadHumanGraph } from '../../model/pretrained/weight-files.js';
import { onnxSessions } from '../../model/sessions/onnx-session.js';
import { reasonOf } from './system.js';
import type { CheckResult } from './system.js';

/** The TensorFlow.js engine that a run would use, and the skipped ones. */
export async function checkEngine(options: Pick<OpenBackendOptions, 'backend'> = {}): Promise<readonly CheckResult[]> {
  try {
    const wanted = wantedBackend(options.backend);
    return describeBackend(
      await openBackend({ backend: isOnnxBackend(wanted) ? 'wasm' : wanted, warn: () => undefined }),
    );
  } catch (error) {
    return [{ name: 'engine', status: 'failed', detail: reasonOf(error), fix: commandFor(error) }];
  }
}

/** Whether networks can run on onnxruntime, tried on one of them. */
export async function checkOnnxRuntime(): Promise<readonly CheckResult[]> {
  const name = 'engine onnxruntime';
  if (!isOnnxRuntimeInstalled())
    return [{ name, status: 'note', detail: 'not installed; annotating is faster with it', fix: ONNXRUNTIME_INSTALL }];
  try {
    const runtime = openOnnxRuntime('onnxruntime');
    (await onnxSessions(runtime)(landmarkNetwork('tiny'))).dispose();
    return [{ name, status: 'ok', detail: `${runtime.backend.description}: annotate, live, evaluate`, fix: null }];
  } catch (error) {
    return [{ name, status: 'note', detail: reasonOf(error), fix: commandFor(error) }];
  }
}

/** One result for the engine in use, one for each skipped engine. */
export function describeBackend(backend: Backend): readonly CheckResult[] {
  return [
    { name: 'engine', status: 'ok', detail: backend.description, fix: null },
    ...backend.skipped.map(({ name, reason, fix, installed }): CheckResult => ({
      name: `engine ${name}`,
      status: 'note',
      detail: installed ? `installed, but does not work: ${reason}` : `not used: ${reason}`,
      fix,
    })),
  ];
}

/** Error messages of engines end with the command, if there is one. */
function commandFor(error: unknown): string | null {
  if (error instanceof FerError && error.code === 'CONFIG_INVALID') return 'unset FERSTREAM_BACKEND';
  return /npm install [@\w./= -]+$/.exec(reasonOf(error))?.[0] ?? null;
}

/** Whether every @tensorflow package has the same version; their internals call each other. */
export function checkTfjsPackages(
  packages: readonly TfjsPackage[] = installedTfjsPackages(),
  expected = tfjsVersion(),
): readonly CheckResult[] {
  const differing = differingPackages(packages, expected);
  const short = (list: readonly TfjsPackage[]): string =>
    list.map(({ name }) => name.replace('@tensorflow/', '')).join(', ');
  if (differing.length === 0)
    return [{ name: 'tensorflow.js', status: 'ok', detail: `${expected}: ${short(packages)}`, fix: null }];
  return differing.map((odd): CheckResult => ({
    name: 'tensorflow.js',
    // Optional engines of another version are skipped; mixed core packages are fatal.
    status: odd.optional ? 'note' : 'failed',
    detail: `${odd.name} is ${odd.version}, TensorFlow.js ${expected}`,
    fix: levelCommand([odd], expected),
  }));
}

/** Whether the shipped models are complete. Annotation needs the default one. */
export async function checkModels(folder?: string, taken: string = DEFAULT_MODEL): Promise<readonly CheckResult[]> {
  const trained = MODEL_NAMES.filter((model) => model !== 'face-api');
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
