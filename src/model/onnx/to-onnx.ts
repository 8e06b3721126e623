import { tf } from '../tfjs.js';
import { foldBatchNorm } from '../networks/fold-batch-norm.js';
import { registerTraceKernels } from './kernels.js';
import { traceLayers } from './layers-model.js';
import { OnnxGraph } from './onnx-graph.js';
import { TRACE, TraceBackend } from './trace-backend.js';
import type { DynamicName, OnnxDescription, OnnxInput } from './onnx-graph.js';

let trace: TraceBackend | null = null;

/**
 * Writes a function of tensors as an ONNX file (opset 17, float32) by running it on an engine that records operations instead of computing.
 * @param inputs in the order of the function's parameters; pictures are [B, H, W, C], as in TensorFlow.js
 * @param outputs names of what the function returns
 * @throws FerError INTERNAL for an operation that has no equivalent here
 */
export function functionToOnnx(
  compute: (...inputs: tf.Tensor[]) => tf.Tensor[],
  inputs: readonly OnnxInput[],
  outputs: readonly string[],
  description: OnnxDescription,
): Uint8Array {
  return traced(description, (engine) => {
    const results = compute(...inputs.map(({ name, shape, label }) => engine.input(name, shape, label)));
    const anySize = inputs.some(({ label }) => label !== undefined);
    for (const [i, name] of outputs.entries()) engine.output(name, results[i]!, anySize);
  });
}

/** Computes outputs from what a network of layers gives for inputs. */
export type Compose = (network: (...inputs: tf.Tensor[]) => tf.Tensor[], ...inputs: tf.Tensor[]) => tf.Tensor[];

/**
 * Writes a network of layers as an ONNX file, batch normalisation folded into the convolutions, batch and number of frames dynamic.
 * @param wanted names of layers, which are the names of the file's outputs too
 * @param composed what becomes of the wanted layers, and the names of the file's outputs in that case
 * @throws FerError MODEL_INCOMPATIBLE, INTERNAL for a layer that has no equivalent here
 */
export async function layersModelToOnnx(
  model: tf.LayersModel,
  wanted: readonly string[],
  description: OnnxDescription,
  composed: { readonly outputs: readonly string[]; readonly compose: Compose } = {
    outputs: wanted,
    compose: (network, ...inputs) => network(...inputs),
  },
): Promise<Uint8Array> {
  const lean = await foldBatchNorm(model);
  try {
    return traced(description, (engine) => {
      const names = lean.inputLayers.map(({ name }) => name);
      const inputs = lean.inputLayers.map(({ name, batchInputShape }) =>
        engine.input(name, inputShape(batchInputShape)),
      );
      const network = (...values: tf.Tensor[]): tf.Tensor[] =>
        traceLayers(engine, lean, Object.fromEntries(names.map((name, i) => [name, values[i]!])), wanted);
      for (const [i, output] of composed.compose(network, ...inputs).entries())
        engine.output(composed.outputs[i]!, output);
    });
  } finally {
    lean.dispose();
  }
}

/** The first unknown size is the batch, the second the number of frames. */
function inputShape(shape: tf.Shape): (number | DynamicName)[] {
  return shape.map((size, axis) => size ?? (axis === 0 ? 'batch' : 'time'));
}

function traced(description: OnnxDescription, write: (trace: TraceBackend) => void): Uint8Array {
  const before = tf.getBackend();
  const graph = new OnnxGraph();
  const engine = openTrace();
  engine.begin(graph);
  try {
    // From here to the end nothing waits, so no other code computes on this engine.
    tf.tidy(() => {
      write(engine);
    });
    return graph.encode(description.name, description.metadata ?? {}, description.version);
  } finally {
    engine.end();
    void tf.setBackend(before);
  }
}

function openTrace(): TraceBackend {
  if (trace === null) {
    trace = new TraceBackend();
    const engine = trace;
    tf.registerBackend(TRACE, () => engine, 0);
    registerTraceKernels();
  }
  // Starts at once, for the engine is made already.
  void tf.setBackend(TRACE);
  return trace;
}
