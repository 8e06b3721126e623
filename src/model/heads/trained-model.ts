import { isDeepStrictEqual } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/fer-error.js';
import { loadCheckpoint } from '../checkpoint/load-checkpoint.js';
import type { Checkpoint } from '../checkpoint/load-checkpoint.js';
import type { CropGeometry, FaceCrop } from '../crop-geometry.js';
import type { Clip, ClipContext, ExpressionModel } from '../expression-model.js';
import { LabelSet } from '../label-set.js';
import { encoderOf } from '../networks/classifier.js';
import { foldBatchNorm } from '../networks/fold-batch-norm.js';
import { DEFAULT_CLIP_FRAMES, TemporalHead } from './temporal-head.js';
import { findModelFolder, modelFolderHash } from './model-folder.js';
import { readRows, toPosteriors } from './posteriors.js';
import { FrameHead } from './frame-head.js';

/** Crops in one pass through the network. */
const BATCH = 64;

/**
 * A model that `fer train` has made, in the model's seat. With a frame checkpoint alone, every picture is answered by itself: its features are the
 * posteriors. With a temporal checkpoint, features are those of the frame encoder, and the temporal network answers for the clip; but a picture that is all there is of
 * a face, with nothing before or after it, is answered by the frame network, which has learnt from many more of them.
 */
export class TrainedModel implements ExpressionModel {
  readonly context: ClipContext;

  private constructor(
    readonly name: string,
    /** The hash of the folder's content. */
    readonly version: string,
    readonly labels: LabelSet,
    readonly crop: CropGeometry,
    readonly framing: ExpressionModel['framing'],
    readonly symmetric: boolean,
    private readonly frame: tf.LayersModel,
    private readonly toFeatures: (crops: tf.Tensor4D) => tf.Tensor2D,
    private readonly temporal: TemporalHead | null,
    private readonly still: FrameHead | null,
  ) {
    this.context = temporal?.context ?? { past: 0, future: 0, hop: 1 };
  }

  /**
   * @param folder one frame checkpoint, or `frame/` and `temporal/`
   * @param options.name what it is called in results; that of its networks, if left out
   * @param options.bothSides false: one that was trained to be symmetric answers for the picture alone
   * @throws FerError WEIGHTS_MISSING when files are missing or damaged, MODEL_INCOMPATIBLE when they do not fit each other or this ferstream
   */
  static async load(
    folder: string,
    { name, bothSides = true }: { readonly name?: string | undefined; readonly bothSides?: boolean } = {},
  ): Promise<TrainedModel> {
    const places = await findModelFolder(folder);
    const version = await modelFolderHash(folder);
    const { model, info } = await forInference(await loadCheckpoint(places.frame, { kind: 'frame' }));
    const frame = { model, info: { ...info, symmetric: bothSides && info.symmetric === true } };
    if (places.temporal === null) return TrainedModel.ofFrames(frame, version, name);
    try {
      const temporal = await loadCheckpoint(places.temporal, { kind: 'temporal', crop: frame.info.crop });
      return TrainedModel.ofClips(frame, temporal, version, folder, name);
    } catch (error) {
      frame.model.dispose();
      throw error;
    }
  }

  private static ofFrames({ model, info }: Checkpoint, version: string, name = info.network): TrainedModel {
    const temperature = info.temperature ?? 1;
    const toLogits = answering(model, info);
    const toFeatures = (crops: tf.Tensor4D): tf.Tensor2D => toPosteriors(toLogits(crops), temperature); // [B, C]
    return new TrainedModel(
      name,
      version,
      labelSetOf(info),
      info.crop,
      framingOf(info),
      info.symmetric ?? false,
      model,
      toFeatures,
      null,
      null,
    );
  }

  private static ofClips(
    frame: Checkpoint,
    temporal: Checkpoint,
    version: string,
    folder: string,
    name?: string,
  ): TrainedModel {
    const { model, info } = temporal;
    try {
      const encoder = encoderOf(frame.model);
      const [given, wanted] = [encoder.outputs[0]!.shape.at(-1), model.inputs[0]!.shape.at(-1)];
      if (given !== wanted) {
        throw new FerError(
          'MODEL_INCOMPATIBLE',
          `model ${folder}: frame/ gives ${given} features, temporal/ takes ${wanted}; put together what was trained together`,
        );
      }
      const toFeatures = answering(encoder, frame.info); // [B, D]
      const part = new TemporalHead(model, info.temperature ?? 1, info.clipFrames ?? DEFAULT_CLIP_FRAMES);
      const still = isDeepStrictEqual(frame.info.labelSet.labels, info.labelSet.labels)
        ? new FrameHead(frame.model, frame.info.temperature ?? 1)
        : null;
      return new TrainedModel(
        name ?? `${frame.info.network}+${info.network}`,
        version,
        labelSetOf(info),
        frame.info.crop,
        framingOf(frame.info),
        frame.info.symmetric ?? false,
        frame.model,
        toFeatures,
        part,
        still,
      );
    } catch (error) {
      model.dispose();
      if (error instanceof FerError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new FerError(
        'MODEL_INCOMPATIBLE',
        `model ${folder}: frame/ has no features to hand on (${why}); use a frame network of ferstream`,
        { cause: error },
      );
    }
  }

  /** Posteriors of each crop [B][C], or its features [B][D] for the temporal network. */
  async encode(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    if (crops.length === 0) return [];
    const { size, channels } = this.crop;
    const length = size * size * channels;
    const pixels = new Float32Array(crops.length * length);
    for (const [i, { data }] of crops.entries()) pixels.set(data, i * length);
    return readRows(tf.tidy(() => this.toFeatures(tf.tensor4d(pixels, [crops.length, size, size, channels]))));
  }

  async classify(clip: Clip): Promise<Float32Array[]> {
    if (this.temporal === null) return clip.features.slice(clip.from, clip.to);
    if (this.still !== null && clip.features.length === 1) return this.still.classify(clip.features[0]!);
    return this.temporal.classify(clip);
  }

  dispose(): void {
    this.frame.dispose();
    this.temporal?.dispose();
  }
}

/** What a network makes of crops, or, where it is a symmetric one, its mean over them and their mirror images. [B, S, S, C] -> [B, D] */
function answering(network: tf.LayersModel, { symmetric }: Checkpoint['info']): (crops: tf.Tensor4D) => tf.Tensor2D {
  const plain = (crops: tf.Tensor4D): tf.Tensor2D => network.predict(crops, { batchSize: BATCH }) as tf.Tensor2D;
  return symmetric === true
    ? (crops) =>
        plain(crops)
          .add<tf.Tensor2D>(plain(crops.reverse(2)))
          .div(2)
    : plain;
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

/** Prepared data are faces that were found and aligned; pictures of any other data are taken whole. */
function framingOf({ recipe }: Checkpoint['info']): ExpressionModel['framing'] {
  const { config } = recipe;
  const data = typeof config === 'object' && config !== null && !Array.isArray(config) ? config['data'] : null;
  return typeof data === 'string' && data.startsWith('prepared:') ? 'aligned' : 'whole';
}
