import { isDeepStrictEqual } from 'node:util';
import type { tf } from '../tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import { loadCheckpoint, readCheckpointInfo } from '../checkpoint/checkpoint.js';
import type { CheckpointInfo } from '../checkpoint/checkpoint-info.js';
import type { CropGeometry, FaceCrop } from '../crop-geometry.js';
import type { Clip, ClipContext, ExpressionModel, QualityCalibration } from '../expression-model.js';
import { LabelSet } from '../label-set.js';
import { encodeCrops } from '../sessions/network.js';
import type { NetworkSession, OpenSession } from '../sessions/network.js';
import { openTfjsSession } from '../sessions/tfjs-session.js';
import { needTensorFlow } from '../engines/open-backend.js';
import type { FrameHead, TemporalHead } from './heads.js';
import { calibrationOf, classifierNetwork, encoderNetwork, loadForInference } from './model-networks.js';
import { findModelFolder, modelFolderHash } from './model-folder.js';

/** Crops per pass through the network. */
const BATCH = 64;

interface LoadOptions {
  readonly name?: string | undefined;
  readonly flipTta?: boolean | null;
  /** Opens the networks; on the current TensorFlow.js engine by default. */
  readonly open?: OpenSession | undefined;
}

/** The parts of a loaded model. */
interface Parts {
  readonly name: string;
  readonly version: string;
  readonly labels: LabelSet;
  /** Description of the frame checkpoint. */
  readonly info: CheckpointInfo;
  /** Crops [B, S, S, C] -> features or posteriors [B, D]. */
  readonly encoder: NetworkSession;
  readonly frameHead: FrameHead | null;
  readonly temporalHead: TemporalHead | null;
  readonly trainingPrior: readonly number[] | null;
  /** The frame network, if held in addition to the encoder. */
  readonly frame: tf.LayersModel | null;
}

/**
 * An expression model trained by `fer train`. With a frame checkpoint alone, every crop is classified separately and its features are the
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

  private isDisposed = false;

  private constructor(private readonly parts: Parts) {
    const { name, version, labels, info, temporalHead } = parts;
    this.name = name;
    this.version = version;
    this.labels = labels;
    this.crop = info.crop;
    this.framing = framingOf(info);
    this.flipTta = info.flipTta ?? false;
    this.trainingPrior = parts.trainingPrior;
    this.qualityCalibration = info.qualityCalibration ?? null;
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
    { name, flipTta = null, open = openTfjsSession }: LoadOptions = {},
  ): Promise<TrainedModel> {
    const places = await findModelFolder(folder);
    const version = await modelFolderHash(folder);
    const stored = await readCheckpointInfo(places.frame, { kind: 'frame' });
    const info = { ...stored, flipTta: flipTta ?? stored.flipTta === true };
    if (places.temporal !== null)
      return TrainedModel.ofClips(folder, places.frame, places.temporal, info, version, open, name);
    return new TrainedModel({
      ...{ name: name ?? info.network, version, labels: labelSetOf(info), info },
      encoder: await open(classifierNetwork(places.frame, info, version)),
      ...{ frameHead: null, temporalHead: null, frame: null },
      trainingPrior: info.priors?.training ?? null,
    });
  }

  private static async ofClips(
    folder: string,
    frameFolder: string,
    temporalFolder: string,
    frameInfo: CheckpointInfo,
    version: string,
    open: OpenSession,
    name?: string,
  ): Promise<TrainedModel> {
    await needTensorFlow();
    const { FrameHead, TemporalHead } = await import('./heads.js');
    const { encoderOf } = await import('../networks/classifier.js');
    const held: { dispose(): unknown }[] = [];
    try {
      const frame = { model: await loadForInference(frameFolder, 'frame'), info: frameInfo };
      held.push(frame.model);
      const temporal = await loadCheckpoint(temporalFolder, { kind: 'temporal', crop: frameInfo.crop });
      held.push(temporal.model);
      assertFit(folder, () => encoderOf(frame.model), temporal.model);
      const encoder = await open(encoderNetwork(frame, version));
      held.push(encoder);
      const { info } = temporal;
      const sameLabels = isDeepStrictEqual(frameInfo.labelSet.labels, info.labelSet.labels);
      return new TrainedModel({
        name: name ?? `${frameInfo.network}+${info.network}`,
        ...{ version, labels: labelSetOf(info), info: frameInfo, encoder, frame: frame.model },
        frameHead: sameLabels ? new FrameHead(frame.model, calibrationOf(frameInfo)) : null,
        temporalHead: await TemporalHead.open(temporal, version, open),
        trainingPrior: info.priors?.training ?? null,
      });
    } catch (error) {
      for (const one of held) one.dispose();
      throw error;
    }
  }

  /** Posteriors of each crop [B][C], or features [B][D] for the temporal network. */
  encode(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    return encodeCrops(this.parts.encoder, crops, this.crop, BATCH);
  }

  async classify(clip: Clip): Promise<Float32Array[]> {
    const { frameHead, temporalHead } = this.parts;
    if (temporalHead === null) return clip.features.slice(clip.from, clip.to);
    if (frameHead !== null && clip.features.length === 1) return frameHead.classify(clip.features[0]!);
    return temporalHead.classify(clip);
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.parts.encoder.dispose();
    this.parts.frame?.dispose();
    this.parts.temporalHead?.dispose();
  }
}

function assertFit(folder: string, encoder: () => tf.LayersModel, temporal: tf.LayersModel): void {
  let given: number | null | undefined;
  try {
    given = encoder().outputs[0]!.shape.at(-1);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FerError(
      'MODEL_INCOMPATIBLE',
      `model ${folder}: frame/ has no layer "features" (${why}); use a frame network of ferstream`,
      { cause: error },
    );
  }
  const wanted = temporal.inputs[0]!.shape.at(-1);
  if (given !== wanted) {
    throw new FerError(
      'MODEL_INCOMPATIBLE',
      `model ${folder}: frame/ gives ${given} features, temporal/ takes ${wanted}; combine networks that were trained together`,
    );
  }
}

function labelSetOf({ labelSet }: CheckpointInfo): LabelSet {
  return new LabelSet(labelSet.name, labelSet.labels);
}

/** Prepared data are detected and aligned faces; images of other data sets are used as a whole. */
function framingOf({ recipe }: CheckpointInfo): ExpressionModel['framing'] {
  const { config } = recipe;
  const data = typeof config === 'object' && config !== null && !Array.isArray(config) ? config['data'] : null;
  return typeof data === 'string' && data.startsWith('prepared:') ? 'aligned' : 'whole';
}
