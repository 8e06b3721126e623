import { requireEngine, tf } from '../tfjs.js';
import type { OnnxInput } from '../onnx/onnx-graph.js';
import { GraphNetwork } from '../pretrained/graph-network.js';
import {
  disposeWeights,
  faceApiWeightsHash,
  humanGraphHash,
  loadFaceApiWeights,
  loadHumanGraph,
} from '../pretrained/weight-files.js';
import type { WeightMap } from '../pretrained/weight-files.js';
import { disposable } from './network.js';
import type { LoadedNetwork, Network, NetworkSession, OpenSession } from './network.js';

/** Runs networks on the current engine of TensorFlow.js. @throws FerError BACKEND_UNAVAILABLE without one */
export const openTfjsSession: OpenSession = async (network) => {
  requireEngine();
  return disposable(network.title, tfjsSession(await network.load()));
};

/** Disposes the network with the session. */
export function tfjsSession(network: LoadedNetwork): NetworkSession {
  return {
    async run(inputs) {
      const tensors = inputs.map(({ data, shape }) => tf.tensor(data, [...shape]));
      const outputs = tf.tidy(() => network.run(...tensors));
      tf.dispose(tensors);
      const data = await Promise.all(outputs.map((output) => output.data<'float32'>()));
      tf.dispose(outputs);
      return outputs.map(({ shape }, i) => ({ data: data[i]!, shape }));
    },
    dispose: () => {
      network.dispose();
    },
  };
}

/** The network as an ONNX file. @throws FerError WEIGHTS_MISSING, INTERNAL for an operation that has no equivalent */
export async function networkToOnnx(network: Network, loaded: LoadedNetwork, version: string): Promise<Uint8Array> {
  const description = { name: network.title, version };
  if (loaded.toOnnx) return loaded.toOnnx(description);
  const { functionToOnnx } = await import('../onnx/to-onnx.js');
  return functionToOnnx((...inputs) => loaded.run(...inputs), network.inputs, network.outputs, description);
}

interface ImageNetwork extends Pick<Network, 'name' | 'title' | 'outputs' | 'range'> {
  /** Side of the square input. */
  readonly size: number;
  readonly batch?: 1;
  /** Takes pictures of any height and width. */
  readonly anySize?: boolean;
}

function imageInput({ size, batch, anySize = false }: ImageNetwork): OnnxInput {
  const label = ['batch', 'height', 'width', 3];
  return { name: 'image', shape: [batch ?? 'batch', size, size, 3], ...(anySize && { label }) };
}

/**
 * A network with the weights of one of face-api's.
 * @param file as for `loadFaceApiWeights`
 * @param forward colour pictures [B, S, S, 3] -> outputs
 */
export function faceApiNetwork<Weights = WeightMap>(
  about: ImageNetwork,
  file: string,
  forward: (image: tf.Tensor4D, weights: Weights) => tf.Tensor[],
  weights: { load(): Promise<Weights>; dispose(weights: Weights): void } = {
    load: () => loadFaceApiWeights(file) as Promise<Weights>,
    dispose: (loaded) => {
      disposeWeights(loaded as WeightMap);
    },
  },
): Network {
  return {
    ...about,
    inputs: [imageInput(about)],
    identity: () => faceApiWeightsHash(file),
    async load() {
      const loaded = await weights.load();
      return {
        run: (image) => forward(image as tf.Tensor4D, loaded),
        dispose: () => {
          weights.dispose(loaded);
        },
      };
    },
  };
}

/** One of the frozen graphs in @vladmandic/human. @param graph as for `loadHumanGraph` */
export function humanNetwork(about: ImageNetwork, graph: string, nodes: readonly string[] = about.outputs): Network {
  return {
    ...about,
    inputs: [imageInput(about)],
    identity: () => humanGraphHash(graph),
    async load() {
      const { nodes: all, weights } = await loadHumanGraph(graph);
      const network = new GraphNetwork(all, weights, nodes);
      return {
        run: (image) => network.run(image as tf.Tensor4D),
        dispose: () => {
          network.dispose();
        },
      };
    },
  };
}
