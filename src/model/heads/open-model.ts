import { FerError, closest } from '../../errors/fer-error.js';
import { exists } from '../../files/write-error.js';
import type { CropGeometry, FaceCrop } from '../crop-geometry.js';
import { MODEL_NAMES } from '../expression-model.js';
import type { Clip, ClipContext, ExpressionModel, ModelName } from '../expression-model.js';
import { EXPRESSIONS_7 } from '../label-set.js';
import { FACE_EXPRESSION_INPUT_SIZE, FaceExpressionNet } from '../pretrained/face-api-nets.js';
import { faceApiWeightsHash } from '../pretrained/weight-files.js';
import { encodeCrops } from '../sessions/network.js';
import type { Network, NetworkSession, OpenSession } from '../sessions/network.js';
import { openTfjsSession } from '../sessions/tfjs-session.js';
import { tf } from '../tfjs.js';
import { SHIPPED_MODELS, modelFolderHash, shippedFolder } from './model-folder.js';
import { TrainedModel } from './trained-model.js';

/**
 * Mean positions of eyes and mouth in the crops that face-api itself feeds to FaceExpressionNet
 * (25 faces of 7 photos; face-api frames them by the landmarks' bounding box plus 20 %).
 */
const CROP: CropGeometry = {
  size: FACE_EXPRESSION_INPUT_SIZE,
  channels: 3,
  eyes: { x: 0.5, y: 0.28 },
  mouth: { x: 0.5, y: 0.65 },
};

/** Crops per pass; each takes some 12 MB of activations. */
const BATCH = 32;

/** face-api's FaceExpressionNet: RGB crops [B, 112, 112, 3], 0..255 -> posteriors [B, 7] */
const FACE_API_NETWORK: Network = {
  ...{ name: 'face-api-posteriors', title: 'FaceExpressionNet', outputs: ['posteriors'], range: [0, 255] },
  inputs: [{ name: 'image', shape: ['batch', CROP.size, CROP.size, CROP.channels] }],
  identity: () => faceApiWeightsHash('face_expression_model'),
  async load() {
    const net = await FaceExpressionNet.load();
    return {
      run: (crops) => [tf.softmax(net.logits(crops as tf.Tensor4D))],
      dispose: () => {
        net.dispose();
      },
    };
  },
};

/** The reference for our own models: face-api's FaceExpressionNet. Classifies every crop separately; its features are the posteriors. */
class FaceApiModel implements ExpressionModel {
  readonly name = 'face-api';
  readonly version = 'face-api-1.7';
  readonly labels = EXPRESSIONS_7;
  readonly crop = CROP;
  readonly framing = 'aligned';
  readonly flipTta = false;
  readonly trainingPrior = null;
  readonly qualityCalibration = null;
  readonly context: ClipContext = { past: 0, future: 0, hop: 1 };

  private constructor(private readonly session: NetworkSession) {}

  /** @throws FerError WEIGHTS_MISSING */
  static async load(open: OpenSession = openTfjsSession): Promise<FaceApiModel> {
    return new FaceApiModel(await open(FACE_API_NETWORK));
  }

  encode(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    return encodeCrops(this.session, crops, CROP, BATCH);
  }

  classify({ features, from, to }: Clip): Promise<Float32Array[]> {
    return Promise.resolve(features.slice(from, to));
  }

  dispose(): void {
    this.session.dispose();
  }
}

/** Where a model comes from: built-in code or a checkpoint folder. */
type ModelSource = { readonly code: 'face-api' } | { readonly folder: string; readonly name?: ModelName };

export interface OpenModelOptions {
  /** Folder of the shipped models. */
  readonly models?: string;
  /** Average each face with its mirror image: slightly more accurate, twice the work; null or left out: as the model was trained. */
  readonly flipTta?: boolean | null;
  /** Opens its networks; on the current TensorFlow.js engine by default. */
  readonly open?: OpenSession | undefined;
}

/**
 * Loads an expression model.
 * @param nameOrFolder a shipped model, or a model folder: one frame checkpoint, or `frame/` and `temporal/`.
 *   Write a folder with the name of a shipped model as a path ("./face-api").
 * @throws FerError WEIGHTS_MISSING, MODEL_INCOMPATIBLE, CONFIG_INVALID for a name that is neither
 */
export async function openModel(
  nameOrFolder: string,
  { models = SHIPPED_MODELS, flipTta = null, open }: OpenModelOptions = {},
): Promise<ExpressionModel> {
  const source = await locateModel(nameOrFolder, models);
  if (!('folder' in source)) return FaceApiModel.load(open);
  return TrainedModel.load(source.folder, { name: source.name, flipTta, open });
}

/**
 * Identifies a model: "face-api", or "sha256:..." of a trained model's content.
 * @throws FerError as `openModel` does
 */
export async function identifyModel(nameOrFolder: string, models = SHIPPED_MODELS): Promise<string> {
  const source = await locateModel(nameOrFolder, models);
  return 'folder' in source ? modelFolderHash(source.folder) : source.code;
}

/** @throws FerError CONFIG_INVALID for a name that is neither a model nor a folder, WEIGHTS_MISSING */
export async function locateModel(nameOrFolder: string, models = SHIPPED_MODELS): Promise<ModelSource> {
  const given: unknown = nameOrFolder; // callers from JavaScript are not held by the type
  if (typeof given !== 'string')
    throw new FerError('CONFIG_INVALID', `model: ${String(given)} is not a model; give a name or a folder`);
  const name = MODEL_NAMES.find((known): known is ModelName => known === nameOrFolder);
  if (name !== undefined)
    return name === 'face-api' ? { code: name } : { folder: await shippedFolder(name, models), name };
  if (/[/\\]/.test(nameOrFolder) || (await exists(nameOrFolder))) return { folder: nameOrFolder };
  throw new FerError(
    'CONFIG_INVALID',
    `model: "${nameOrFolder}" is not a model; did you mean "${closest(nameOrFolder, MODEL_NAMES)}"? For a model folder, write ./${nameOrFolder}`,
  );
}
