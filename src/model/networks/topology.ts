// Importing this file registers our own layers with TensorFlow.js, which needs them to build a network that has them.
import './batch-norm.js';
import './layers.js';
import './temporal-encoder.js';
import './residual-net.js';
import './self-attention.js';
import { tf } from '../tfjs.js';
import { BatchNorm } from './batch-norm.js';

/** Source of a tensor: layer, node index, output index, arguments. */
export type Origin = readonly [layer: string, use: number, output: number, ...rest: unknown[]];

export interface LayerJson {
  readonly class_name: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inbound_nodes: readonly (readonly Origin[])[];
}

/** Layers and connections of a network in tfjs' JSON form, without weights. */
export interface Topology {
  readonly name: string;
  readonly layers: readonly LayerJson[];
  readonly input_layers: readonly Origin[];
  readonly output_layers: readonly Origin[];
}

export function topologyOf(model: tf.LayersModel): Topology {
  return (model.toJSON(null, false) as unknown as { config: Topology }).config;
}

/**
 * The same network in JSON with zeros as the initial values of all weights, for a network that is given weights afterwards: drawing random
 * numbers takes longer than everything else in loading it. For inference only: the network remembers these initialisers.
 */
export function withZeroWeights<T>(json: T): T {
  return JSON.parse(
    JSON.stringify(json, (key, value: unknown) =>
      key.endsWith('_initializer') && typeof value === 'object' && value !== null
        ? { class_name: 'Zeros', config: {} }
        : value,
    ),
  ) as T;
}

/** A new network of that topology with initial weights. */
export async function buildTopology(config: Topology): Promise<tf.LayersModel> {
  return tf.models.modelFromJSON({ class_name: 'Model', config } as unknown as Parameters<
    typeof tf.models.modelFromJSON
  >[0]);
}

/**
 * The same network for inference, every batch normalisation behind a convolution folded into it (Jacob et al. 2018, section 3.2): with
 * s = gamma / sqrt(variance + epsilon), the kernel becomes s * kernel, and the bias beta - s * mean. A new model with its own weights; the given
 * one is unchanged.
 */
export async function foldBatchNorm(model: tf.LayersModel): Promise<tf.LayersModel> {
  const config = topologyOf(model);
  const normOf = foldable(config);
  const convOf = new Map([...normOf].map(([conv, norm]) => [norm, conv]));
  const rewired = ([layer, ...rest]: Origin): Origin => [convOf.get(layer) ?? layer, ...rest];
  const layers = config.layers
    .filter(({ name }) => !convOf.has(name))
    .map((layer) => ({
      ...layer,
      config: normOf.has(layer.name) ? { ...layer.config, use_bias: true } : layer.config,
      inbound_nodes: layer.inbound_nodes.map((node) => node.map(rewired)),
    }));
  const lean = await buildTopology(
    withZeroWeights({ ...config, layers, output_layers: config.output_layers.map(rewired) }),
  );
  tf.tidy(() => {
    for (const layer of lean.layers) {
      const own = model.getLayer(layer.name);
      const norm = normOf.get(layer.name);
      if (norm === undefined) layer.setWeights(own.getWeights());
      else layer.setWeights(foldedWeights(own, model.getLayer(norm)));
    }
  });
  return lean;
}

/** Convolutions without bias and activation whose only consumer is a batch normalisation -> that normalisation. */
function foldable({ layers, output_layers }: Topology): Map<string, string> {
  const uses = [...layers.flatMap(({ inbound_nodes }) => inbound_nodes.flat()), ...output_layers].map(([name]) => name);
  const isBare = (name: string): boolean => {
    const conv = layers.find((layer) => layer.name === name);
    return (
      conv?.class_name === 'Conv2D' &&
      conv.config['use_bias'] === false &&
      conv.config['activation'] === 'linear' &&
      uses.filter((used) => used === name).length === 1
    );
  };
  const pairs = layers.flatMap(({ class_name, name, inbound_nodes }): [string, string][] => {
    const conv = inbound_nodes.length === 1 ? inbound_nodes[0]![0]?.[0] : undefined;
    return class_name === BatchNorm.className && conv !== undefined && isBare(conv) ? [[conv, name]] : [];
  });
  return new Map(pairs);
}

/** kernel [h, w, in, C], and of the normalisation gamma, beta, mean and variance [C] -> kernel [h, w, in, C], bias [C] */
function foldedWeights(conv: tf.layers.Layer, norm: tf.layers.Layer): tf.Tensor[] {
  const named = new Map(norm.weights.map((weight) => [weight.originalName.replace(/^.*\//, ''), weight.read()]));
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((name) =>
    named.get(name)!,
  ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const scale = gamma.mul(variance.add(Number(norm.getConfig()['epsilon'])).rsqrt());
  return [conv.getWeights()[0]!.mul(scale), beta.sub(mean.mul(scale))];
}
