import { FerError } from '../../errors/fer-error.js';
import { tf } from '../tfjs.js';
import { SeededDropout } from './layers.js';
import { buildTopology, topologyOf } from './topology.js';
import type { LayerJson, Origin, Topology } from './topology.js';

interface ClassifierOptions {
  readonly classes: number;
  /** Share of the features dropped in training. */
  readonly dropout?: number;
  /** Seed of the initial weights and the dropout. */
  readonly seed?: number;
}

/** Whether a layer or weight belongs to the last layers, which depend on the classes. */
export function isHead(name: string): boolean {
  return name.startsWith('logits');
}

/** A frame encoder with a linear classifier. The encoder's layers are shared, not copied. [B, S, S, C] -> logits [B, classes] */
export function frameClassifier(
  encoder: tf.LayersModel,
  { classes, dropout = 0, seed = 1 }: ClassifierOptions,
): tf.LayersModel {
  let x = encoder.outputs[0]!; // [B, D]
  if (dropout > 0)
    x = new SeededDropout({ name: 'features_dropout', rate: dropout, seed }).apply(x) as tf.SymbolicTensor;
  const kernelInitializer = tf.initializers.glorotNormal({ seed });
  const logits = tf.layers.dense({ name: 'logits', units: classes, kernelInitializer }).apply(x) as tf.SymbolicTensor; // [B, classes]
  return tf.model({ name: `${encoder.name}_classifier`, inputs: encoder.inputs, outputs: logits });
}

/** The frame encoder of a frame classifier (everything before dropout and linear layer), with shared weights. [B, S, S, C] -> [B, D] */
export function encoderOf(classifier: tf.LayersModel): tf.LayersModel {
  const features = classifier.getLayer('features').output as tf.SymbolicTensor;
  return tf.model({ name: `${classifier.name}_encoder`, inputs: classifier.inputs, outputs: features });
}

const withFeaturesOf = new WeakMap<tf.LayersModel, tf.LayersModel>();

/** A frame classifier that also returns the features its linear layer sees before dropout, with shared weights. [B, S, S, C] -> logits [B, classes], features [B, D] */
export function withFeatures(classifier: tf.LayersModel): tf.LayersModel {
  let model = withFeaturesOf.get(classifier);
  if (model === undefined) {
    const features = classifier.getLayer('features').output as tf.SymbolicTensor;
    model = tf.model({ inputs: classifier.inputs, outputs: [classifier.outputs[0]!, features] });
    withFeaturesOf.set(classifier, model);
  }
  return model;
}

/**
 * An ensemble of frame classifiers as one network: its features are those of all members, its logits the weighted mean of theirs. It can be
 * trained and saved like any other. A new model with its own weights; the layers of member i are called "part<i>_<name>". Dropout before the classifier is left out.
 * [B, S, S, C] -> logits [B, classes], with features [B, D1 + D2 + ...]
 * @param members for the same classes
 * @param memberWeights relative weight of each member
 * @throws FerError MODEL_INCOMPATIBLE where their input shapes or numbers of classes differ
 */
export async function ensembleClassifiers(
  members: readonly tf.LayersModel[],
  memberWeights: readonly number[] = members.map(() => 1),
): Promise<tf.LayersModel> {
  assertAlike(members);
  const ensemble = await buildTopology(ensembleTopology(members));
  tf.tidy(() => {
    for (const [i, member] of members.entries()) {
      for (const layer of member.layers) {
        if (layer.weights.length > 0 && layer.name !== 'logits')
          ensemble.getLayer(partName(i, layer.name)).setWeights(layer.getWeights());
      }
    }
    ensemble.getLayer('logits').setWeights(meanHead(members, memberWeights));
  });
  return ensemble;
}

function assertAlike([first, ...others]: readonly tf.LayersModel[]): void {
  const shapes = ({ inputs, outputs }: tf.LayersModel): string =>
    `[${inputs[0]!.shape.slice(1).join(', ')}] to ${outputs[0]!.shape.at(-1)} classes`;
  for (const other of others) {
    if (shapes(other) !== shapes(first!))
      throw new FerError(
        'MODEL_INCOMPATIBLE',
        `networks of ${shapes(first!)} and of ${shapes(other)} cannot form an ensemble: train both for the same crops and labels`,
      );
  }
}

/** A linear layer on all features that gives the weighted mean of what the members' own give on theirs. [D1 + D2 + ..., classes], [classes] */
function meanHead(members: readonly tf.LayersModel[], memberWeights: readonly number[]): tf.Tensor[] {
  const sum = memberWeights.reduce((total, weight) => total + weight, 0);
  const heads = members.map(
    (member, i) =>
      member
        .getLayer('logits')
        .getWeights()
        .map((weight) => tf.mul(weight, memberWeights[i]! / sum)) as [tf.Tensor2D, tf.Tensor1D],
  );
  const kernel = tf.concat(
    heads.map(([weights]) => weights),
    0,
  ); // [D1 + D2 + ..., classes]
  const bias = tf.addN(heads.map(([, offsets]) => offsets)); // [classes]
  return [kernel, bias];
}

function ensembleTopology(members: readonly tf.LayersModel[]): Topology {
  const [first] = members;
  const input = first!.inputs[0]!;
  const encoders = members.map((member) => topologyOf(encoderOf(member)));
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
    name: 'ensemble',
    layers: [image, ...encoders.flatMap(renamed), features, logits],
    input_layers: [['image', 0, 0]],
    output_layers: [['logits', 0, 0]],
  };
}

/** The layers of one member, except its input, which all members share. */
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
