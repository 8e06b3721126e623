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

/** A new network of that topology with random weights. */
export async function buildTopology(config: Topology): Promise<tf.LayersModel> {
  return tf.models.modelFromJSON({ class_name: 'Model', config } as unknown as Parameters<
    typeof tf.models.modelFromJSON
  >[0]);
}
