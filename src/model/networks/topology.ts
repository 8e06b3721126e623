import * as tf from '@tensorflow/tfjs';

/** Where a tensor comes from: layer, use of the layer, output, arguments. */
export type Origin = readonly [layer: string, use: number, output: number, ...rest: unknown[]];

export interface LayerJson {
  readonly class_name: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inbound_nodes: readonly (readonly Origin[])[];
}

/** Layers of a network and how they hang together, as tfjs writes them; no weights. */
export interface Topology {
  readonly name: string;
  readonly layers: readonly LayerJson[];
  readonly input_layers: readonly Origin[];
  readonly output_layers: readonly Origin[];
}

export function topologyOf(model: tf.LayersModel): Topology {
  return (model.toJSON(null, false) as unknown as { config: Topology }).config;
}

/** A network of that topology with weights of its own, at random. */
export async function buildTopology(config: Topology): Promise<tf.LayersModel> {
  return tf.models.modelFromJSON({ class_name: 'Model', config } as unknown as Parameters<
    typeof tf.models.modelFromJSON
  >[0]);
}
