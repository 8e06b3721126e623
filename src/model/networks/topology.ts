// Importing this file registers our own layers with TensorFlow.js, which needs them to build a network that has them.
import './batch-norm.js';
import './layers.js';
import './temporal-encoder.js';
import './residual-net.js';
import './self-attention.js';
import { tf } from '../tfjs.js';

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
