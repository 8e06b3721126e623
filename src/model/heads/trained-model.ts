import { isDeepStrictEqual } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/fer-error.js';
import { loadCheckpoint } from '../checkpoint/load-checkpoint.js';
import type { Checkpoint } from '../checkpoint/load-checkpoint.js';
import type { CropGeometry, FaceCrop } from '../crop-geometry.js';
import type { Clip, ClipContext, ExpressionModel } from '../expression-model.js';
import { LabelSet } from '../label-set.js';
import type { QualityCalibration } from '../quality-calibration.js';
import { encoderOf } from '../networks/classifier.js';
import { foldBatchNorm } from '../networks/fold-batch-norm.js';
import { FrameHead } from './frame-head.js';
import { findModelFolder, modelFolderHash } from './model-folder.js';
import { calibrationOf, readRows, toPosteriors } from './read-rows.js';
import { DEFAULT_CLIP_FRAMES, TemporalHead } from './temporal-head.js';

/** Crops per pass through the network. */
const BATCH = 64;

/** Crops [B, S, S, C] -> features or logits [B, D]. */
type Encode = (crops: tf.Tensor4D) => tf.Tensor2D;

/** The parts of a loaded model. */
interface Parts {
  readonly name: string;
  readonly version: string;
  readonly labels: LabelSet;
  /** The frame checkpoint. */
  readonly frame: Checkpoint;
  readonly encode: Encode;
  readonly frameHead: FrameHead | null;
  readonly temporalHead: TemporalHead | null;
  readonly trainingPrior: readonly number[] | null;
}

/**
 * An expression model trained by `fer train`. With a frame checkpoint alone, every crop is classified by itself and its features are the
 * posteriors. With a temporal checkpoint, the frame encoder gives the features and the temporal network classifies the clip. A track of a
 * single frame is classified by the frame network, which was trained on far more images.
 */
export class TrainedModel implements ExpressionModel {
  readonly name: string;
  /** Hash of the folder's content. */
  readonly version: string;
  readonly labels: LabelSet;
  readonly crop: CropGeometry;
  readonly framing: ExpressionModel['framing'];
  readonly flipTta: boolean;
  readonly context: ClipContext;
  readonly trainingPrior: readonly number[] | null;
  readonly qualityCalibration: QualityCalibration | null;

  private constructor(private readonly parts: Parts) {
    const { name, version, labels, frame, temporalHead } = parts;
    this.name = name;
    this.version = version;
    this.labels = labels;
    this.crop = frame.info.crop;
    this.framing = framingOf(frame.info);
    this.flipTta = frame.info.flipTta ?? false;
    this.trainingPrior = parts.trainingPrior;
    this.qualityCalibration = frame.info.qualityCalibration ?? null;
    this.context = temporalHead?.context ?? { past: 0, future: 0, hop: 1 };
  }

  /**
   * @param folder a frame checkpoint, or `frame/` and `temporal/`
   * @param options.name name in results; default: the names of its networks
   * @param options.flipTta average each face with its mirror image; null or left out: as the model was trained
   * @throws FerError WEIGHTS_MISSING when files are missing or damaged, MODEL_INCOMPATIBLE when they do not fit each other or this ferstream
   */
  static async load(
    folder: string,
    { name, flipTta = null }: { readonly name?: string | undefined; readonly flipTta?: boolean | null } = {},
  ): Promise<TrainedModel> {
    const places = await findModelFolder(folder);
    const version = await modelFolderHash(folder);
    const { model, info } = await forInference(await loadCheckpoint(places.frame, { kind: 'frame' }));
    const frame = { model, info: { ...info, flipTta: flipTta ?? info.flipTta === true } };
    if (places.temporal === null) return TrainedModel.ofFrames(frame, version, name);
    try {
      const temporal = await loadCheckpoint(places.temporal, { kind: 'temporal', crop: frame.info.crop });
      return TrainedModel.ofClips(frame, temporal, version, folder, name);
    } catch (error) {
      frame.model.dispose();
      throw error;
    }
  }

  private static ofFrames(frame: Checkpoint, version: string, name = frame.info.network): TrainedModel {
    const { info } = frame;
    const toLogits = encodeWith(frame.model, info);
    const encode: Encode = (crops) => toPosteriors(toLogits(crops), calibrationOf(info)); // [B, C]
    const labels = labelSetOf(info);
    return new TrainedModel({
      name,
      version,
      labels,
      frame,
      encode,
      frameHead: null,
      temporalHead: null,
      trainingPrior: info.priors?.training ?? null,
    });
  }

  private static ofClips(
    frame: Checkpoint,
    { model, info }: Checkpoint,
    version: string,
    folder: string,
    name = `${frame.info.network}+${info.network}`,
  ): TrainedModel {
    try {
      const encoder = encoderOf(frame.model);
      const [given, wanted] = [encoder.outputs[0]!.shape.at(-1), model.inputs[0]!.shape.at(-1)];
      if (given !== wanted) {
        throw new FerError(
          'MODEL_INCOMPATIBLE',
          `model ${folder}: frame/ gives ${given} features, temporal/ takes ${wanted}; combine networks that were trained together`,
        );
      }
      const sameLabels = isDeepStrictEqual(frame.info.labelSet.labels, info.labelSet.labels);
      return new TrainedModel({
        name,
        version,
        labels: labelSetOf(info),
        frame,
        encode: encodeWith(encoder, frame.info), // [B, D]
        frameHead: sameLabels ? new FrameHead(frame.model, calibrationOf(frame.info)) : null,
        temporalHead: new TemporalHead(model, calibrationOf(info), info.clipFrames ?? DEFAULT_CLIP_FRAMES),
        trainingPrior: info.priors?.training ?? null,
      });
    } catch (error) {
      model.dispose();
      if (error instanceof FerError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new FerError(
        'MODEL_INCOMPATIBLE',
        `model ${folder}: frame/ has no layer "features" (${why}); use a frame network of ferstream`,
        { cause: error },
      );
    }
  }

  /** Posteriors of each crop [B][C], or features [B][D] for the temporal network. */
  async encode(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    if (crops.length === 0) return [];
    const { size, channels } = this.crop;
    const length = size * size * channels;
    const pixels = new Float32Array(crops.length * length);
    for (const [i, { data }] of crops.entries()) pixels.set(data, i * length);
    return readRows(tf.tidy(() => this.parts.encode(tf.tensor4d(pixels, [crops.length, size, size, channels]))));
  }

  async classify(clip: Clip): Promise<Float32Array[]> {
    const { frameHead, temporalHead } = this.parts;
    if (temporalHead === null) return clip.features.slice(clip.from, clip.to);
    if (frameHead !== null && clip.features.length === 1) return frameHead.classify(clip.features[0]!);
    return temporalHead.classify(clip);
  }

  dispose(): void {
    this.parts.frame.model.dispose();
    this.parts.temporalHead?.dispose();
  }
}

/** Runs the network on crops; with flip test-time augmentation, the mean over the crops and their mirror images. */
function encodeWith(network: tf.LayersModel, { flipTta }: Checkpoint['info']): Encode {
  const run: Encode = (crops) => network.predict(crops, { batchSize: BATCH }) as tf.Tensor2D;
  if (flipTta !== true) return run;
  return (crops) =>
    run(crops)
      .add<tf.Tensor2D>(run(crops.reverse(2)))
      .div(2);
}

async function forInference({ model, info }: Checkpoint): Promise<Checkpoint> {
  try {
    return { model: await foldBatchNorm(model), info };
  } finally {
    model.dispose();
  }
}

function labelSetOf({ labelSet }: Checkpoint['info']): LabelSet {
  return new LabelSet(labelSet.name, labelSet.labels);
}

/** Prepared data are detected and aligned faces; images of other data sets are used as a whole. */
function framingOf({ recipe }: Checkpoint['info']): ExpressionModel['framing'] {
  const { config } = recipe;
  const data = typeof config === 'object' && config !== null && !Array.isArray(config) ? config['data'] : null;
  return typeof data === 'string' && data.startsWith('prepared:') ? 'aligned' : 'whole';
}
