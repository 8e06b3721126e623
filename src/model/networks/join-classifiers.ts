import * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/fer-error.js';
import { encoderOf } from './classifier.js';
import { buildTopology, topologyOf } from './topology.js';
import type { LayerJson, Origin, Topology } from './topology.js';

/**
 * Frame classifiers side by side in one: it has the features of all of them, and its logits are the weighted mean of theirs. So trained together, or as it is, it is one network
 * like any other. A new model with weights of its own; the layers of part i are called "part<i>_<name>". Dropout before the classifier is left out.
 * [B, S, S, C] -> logits [B, classes], with features [B, D1 + D2 + ...]
 * @param parts for the same classes
 * @param shares how much each part counts, relative to one another
 * @throws FerError MODEL_INCOMPATIBLE where they take pictures of different shapes, or tell different numbers of classes apart
 */
export async function joinClassifiers(
  parts: readonly tf.LayersModel[],
  shares: readonly number[] = parts.map(() => 1),
): Promise<tf.LayersModel> {
  assertAlike(parts);
  const joined = await buildTopology(joinedTopology(parts));
  tf.tidy(() => {
    for (const [i, part] of parts.entries()) {
      for (const layer of part.layers) {
        if (layer.weights.length > 0 && layer.name !== 'logits')
          joined.getLayer(partName(i, layer.name)).setWeights(layer.getWeights());
      }
    }
    joined.getLayer('logits').setWeights(meanHead(parts, shares));
  });
  return joined;
}

function assertAlike([first, ...others]: readonly tf.LayersModel[]): void {
  const shapes = ({ inputs, outputs }: tf.LayersModel): string =>
    `[${inputs[0]!.shape.slice(1).join(', ')}] to ${outputs[0]!.shape.at(-1)} classes`;
  for (const other of others) {
    if (shapes(other) !== shapes(first!))
      throw new FerError(
        'MODEL_INCOMPATIBLE',
        `networks of ${shapes(first!)} and of ${shapes(other)} cannot be joined: train both alike`,
      );
  }
}

/** A linear layer on all features that gives the weighted mean of what the parts' own give on theirs. [D1 + D2 + ..., classes], [classes] */
function meanHead(parts: readonly tf.LayersModel[], shares: readonly number[]): tf.Tensor[] {
  const sum = shares.reduce((total, share) => total + share, 0);
  const heads = parts.map(
    (part, i) =>
      part
        .getLayer('logits')
        .getWeights()
        .map((weight) => tf.mul(weight, shares[i]! / sum)) as [tf.Tensor2D, tf.Tensor1D],
  );
  const kernel = tf.concat(
    heads.map(([weights]) => weights),
    0,
  ); // [D1 + D2 + ..., classes]
  const bias = tf.addN(heads.map(([, offsets]) => offsets)); // [classes]
  return [kernel, bias];
}

function joinedTopology(parts: readonly tf.LayersModel[]): Topology {
  const [first] = parts;
  const input = first!.inputs[0]!;
  const encoders = parts.map((part) => topologyOf(encoderOf(part)));
  const image = {
    class_name: 'InputLayer',
    name: 'image',
    config: { batch_input_shape: input.shape, dtype: 'float32', sparse: false, name: 'image' },
    inbound_nodes: [],
  };
  const features = layerOf(
    tf.layers.concatenate({ name: 'features' }),
    encoders.map(({ output_layers }, i) => partName(i, output_layers[0]![0])),
  );
  const logits = layerOf(tf.layers.dense({ name: 'logits', units: first!.outputs[0]!.shape.at(-1)! }), ['features']);
  return {
    name: 'joined_network',
    layers: [image, ...encoders.flatMap(renamed), features, logits],
    input_layers: [['image', 0, 0]],
    output_layers: [['logits', 0, 0]],
  };
}

/** The layers of one part but for its input, which all share. */
function renamed({ layers, input_layers }: Topology, i: number): LayerJson[] {
  const input = input_layers[0]![0];
  const nameOf = (name: string): string => (name === input ? 'image' : partName(i, name));
  return layers
    .filter(({ name }) => name !== input)
    .map((layer) => {
      const name = nameOf(layer.name);
      return {
        ...layer,
        name,
        config: { ...layer.config, name },
        inbound_nodes: layer.inbound_nodes.map((node) =>
          node.map(([from, ...rest]): Origin => [nameOf(from), ...rest]),
        ),
      };
    });
}

function layerOf(layer: tf.layers.Layer, from: readonly string[]): LayerJson {
  return {
    class_name: layer.getClassName(),
    name: layer.name,
    config: layer.getConfig(),
    inbound_nodes: [from.map((name): Origin => [name, 0, 0, {}])],
  };
}

function partName(i: number, name: string): string {
  return `part${i + 1}_${name}`;
}
