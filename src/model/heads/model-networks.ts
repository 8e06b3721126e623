import type { CheckpointInfo } from '../checkpoint/checkpoint-info.js';
import { loadCheckpoint } from '../checkpoint/checkpoint.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { Compose } from '../onnx/to-onnx.js';
import { rowsOf } from '../sessions/network.js';
import type { Network } from '../sessions/network.js';
import { tf } from '../tfjs.js';

/** How logits become posteriors. */
export interface Calibration {
  /** Logits are divided by it. */
  readonly temperature: number;
  /** Class frequencies that the logits are made for and that are taken out of them; null where they are not known. [C] */
  readonly madeFor: readonly number[] | null;
}

export function calibrationOf({ temperature = 1, priors }: CheckpointInfo): Calibration {
  return { temperature, madeFor: priors?.posteriors ?? null };
}

/** softmax(logits / temperature - log(made for)): for classes that are all alike, where it is known what they were made for. [N, C] -> [N, C] */
export function toPosteriors(logits: tf.Tensor2D, { temperature, madeFor }: Calibration): tf.Tensor2D {
  return tf.tidy(() => {
    const tempered = temperature === 1 ? logits : logits.div<tf.Tensor2D>(temperature);
    if (madeFor === null) return tf.softmax(tempered);
    return tf.softmax(tempered.sub<tf.Tensor2D>(tf.tensor1d(madeFor.map((share) => Math.log(Math.max(share, 1e-9))))));
  });
}

/** Reads the rows of a tensor and disposes it. [N, D] -> [N][D] */
export async function readRows(rows: tf.Tensor2D): Promise<Float32Array[]> {
  const values = { data: await rows.data<'float32'>(), shape: rows.shape };
  rows.dispose();
  return rowsOf(values);
}

/** The network of a checkpoint for inference, batch norms folded. @throws FerError as `loadCheckpoint` does */
export async function loadForInference(folder: string, kind: CheckpointInfo['kind']): Promise<tf.LayersModel> {
  const { foldBatchNorm } = await import('../networks/topology.js');
  const { model } = await loadCheckpoint(folder, { kind }, { forInference: true });
  try {
    return await foldBatchNorm(model);
  } finally {
    model.dispose();
  }
}

/**
 * Frame network: crops [B, S, S, C], 0..255 -> posteriors [B, classes]; with flip test-time augmentation, from the mean logits
 * of picture and mirror image.
 * @param version hash of the model folder
 */
export function classifierNetwork(folder: string, info: CheckpointInfo, version: string): Network {
  const calibration = calibrationOf(info);
  return cropNetwork(
    info,
    version,
    'logits',
    'posteriors',
    (logits) => toPosteriors(logits, calibration),
    async () => {
      const model = await loadForInference(folder, 'frame');
      return { model, part: model, dispose: () => model.dispose() };
    },
  );
}

/**
 * Frame encoder of a clip model: crops [B, S, S, C], 0..255 -> features [B, D]; with flip test-time augmentation, the mean over
 * picture and mirror image.
 * @param frame stays the caller's
 */
export function encoderNetwork({ model, info }: Checkpoint, version: string): Network {
  return cropNetwork(
    info,
    version,
    'features',
    'features',
    (features) => features,
    async () => {
      const { encoderOf } = await import('../networks/classifier.js');
      return { model, part: encoderOf(model), dispose: () => undefined };
    },
  );
}

interface LoadedPart {
  /** The whole network. */
  readonly model: tf.LayersModel;
  /** The network up to the layer that is wanted. */
  readonly part: tf.LayersModel;
  readonly dispose: () => unknown;
}

function cropNetwork(
  { crop: { size, channels }, flipTta = false, network: title }: CheckpointInfo,
  version: string,
  layer: string,
  output: string,
  finish: (rows: tf.Tensor2D) => tf.Tensor2D,
  load: () => Promise<LoadedPart>,
): Network {
  const compose: Compose = (network, crops) => {
    const rows = (image: tf.Tensor): tf.Tensor2D => network(image)[0] as tf.Tensor2D; // [B, D]
    if (!flipTta) return [finish(rows(crops))];
    return [finish(tf.div<tf.Tensor2D>(tf.add(rows(crops), rows(tf.reverse(crops, 2))), 2))];
  };
  return {
    ...{ name: `frame-${output}`, title, outputs: [output], range: [0, 255] },
    inputs: [{ name: 'image', shape: ['batch', size, size, channels] }],
    identity: () => Promise.resolve(`${version} ${flipTta ? 'both sides' : ''}`),
    async load() {
      const { model, part, dispose } = await load();
      return {
        run: (crops) => compose((image) => [part.apply(image) as tf.Tensor], crops),
        toOnnx: async (description) => {
          const { layersModelToOnnx } = await import('../onnx/to-onnx.js');
          return layersModelToOnnx(model, [layer], description, { outputs: [output], compose });
        },
        dispose,
      };
    },
  };
}

/**
 * Temporal network: features of clips [B, T, D], and for masked networks which frames there are [B, T] -> posteriors [B, T, classes].
 * @param temporal stays the caller's
 */
export function temporalNetwork({ model, info }: Checkpoint, version: string): Network {
  const calibration = calibrationOf(info);
  const compose: Compose = (network, ...inputs) => {
    const [logits] = network(...inputs) as [tf.Tensor3D]; // [B, T, C]
    const [batch, time, classes] = logits.shape;
    const posteriors = toPosteriors(tf.reshape(logits, [batch * time, classes]), calibration);
    return [tf.reshape(posteriors, [batch, time, classes])];
  };
  return {
    ...{ name: 'temporal', title: info.network, outputs: ['posteriors'], range: [0, 1] },
    inputs: model.inputs.map(({ name, shape }) => ({
      name,
      shape: shape.map((size, axis) => size ?? (axis === 0 ? 'batch' : 'time')),
    })),
    identity: () => Promise.resolve(version),
    load: () =>
      Promise.resolve({
        run: (...inputs) =>
          compose((...values) => [model.apply(values.length > 1 ? values : values[0]!) as tf.Tensor], ...inputs),
        toOnnx: async (description) => {
          const { layersModelToOnnx } = await import('../onnx/to-onnx.js');
          return layersModelToOnnx(model, ['logits'], description, { outputs: ['posteriors'], compose });
        },
        dispose: () => undefined,
      }),
  };
}
