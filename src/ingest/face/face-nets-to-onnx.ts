import type * as tf from '@tensorflow/tfjs';
import { functionToOnnx } from '../../model/onnx/to-onnx.js';
import type { OnnxInput } from '../../model/onnx/to-onnx.js';
import { GraphNetwork } from '../../model/pretrained/graph-network.js';
import { loadHumanGraph } from '../../model/pretrained/weight-files.js';
import { LandmarkNet } from './align/landmark-net.js';
import { BLAZEFACE_OUTPUTS } from './detect/blazeface.js';
import { SsdMobileNet } from './detect/ssd-mobilenet.js';
import { TinyFaceDetector } from './detect/tiny-face-detector.js';
import { EmbeddingNet } from './re-identify/embedding-net.js';
import { PRESENCE_OUTPUT } from './verify/face-presence.js';

/** A network that can be run and disposed. */
interface Runnable {
  dispose(): void;
}

type Image = tf.Tensor4D;

/** Colour pictures [B, H, W, 3]. */
function image(height: number, batch: 'batch' | 1 = 'batch', label?: OnnxInput['label']): OnnxInput {
  return { name: 'image', shape: [batch, height, height, 3], ...(label && { label }) };
}

async function graph(name: string, outputs: readonly string[]): Promise<GraphNetwork> {
  const { nodes, weights } = await loadHumanGraph(name);
  return new GraphNetwork(nodes, weights, outputs);
}

/** The networks of face following, by the name of their file. Inputs are scaled as the classes that use them do it. */
const NETWORKS: Readonly<Record<string, (version: string) => Promise<Uint8Array>>> = {
  blazeface: (version) =>
    write(
      graph('blazeface', BLAZEFACE_OUTPUTS),
      (net, x) => net.run(x),
      image(256, 'batch', ['batch', 'height', 'width', 3]),
      BLAZEFACE_OUTPUTS,
      { name: 'BlazeFace', version },
    ),
  presence: (version) =>
    write(graph('facemesh', [PRESENCE_OUTPUT]), (net, x) => net.run(x), image(192), ['presence'], {
      name: 'Face mesh, presence',
      version,
    }),
  landmarks: (version) =>
    write(LandmarkNet.load('tiny'), (net, x) => [net.forward(x)], image(112), ['points'], {
      name: '68 landmarks, tiny',
      version,
    }),
  'landmarks-full': (version) =>
    write(LandmarkNet.load('full'), (net, x) => [net.forward(x)], image(112), ['points'], {
      name: '68 landmarks',
      version,
    }),
  embedding: (version) =>
    write(EmbeddingNet.load(), (net, x) => [net.forward(x)], image(150), ['embedding'], {
      name: 'FaceRecognitionNet',
      version,
    }),
  'tiny-face-detector': (version) =>
    write(TinyFaceDetector.load(), (net, x) => [net.forward(x)], image(320), ['cells'], {
      name: 'TinyFaceDetector',
      version,
    }),
  ssd: (version) =>
    write(SsdMobileNet.load(), (net, x) => net.forward(x), image(512, 1), ['boxes', 'classes'], {
      name: 'SsdMobileNet',
      version,
    }),
};

/** Names of the networks that `faceNetToOnnx` knows. */
export const FACE_NET_NAMES: readonly string[] = Object.keys(NETWORKS);

/**
 * One of the borrowed face networks as an ONNX file.
 * @throws FerError WEIGHTS_MISSING
 */
export function faceNetToOnnx(name: string, version: string): Promise<Uint8Array> {
  return NETWORKS[name]!(version);
}

async function write<Net extends Runnable>(
  loading: Promise<Net>,
  run: (net: Net, image: Image) => tf.Tensor[],
  input: OnnxInput,
  outputs: readonly string[],
  description: { readonly name: string; readonly version: string },
): Promise<Uint8Array> {
  const net = await loading;
  try {
    return functionToOnnx((x) => run(net, x as Image), [input], outputs, description);
  } finally {
    net.dispose();
  }
}
