import * as tf from '@tensorflow/tfjs';
import { foldBatchNorm } from '../networks/fold-batch-norm.js';
import { registerTraceKernels } from './kernels.js';
import { traceLayers } from './layers-model.js';
import { OnnxGraph } from './onnx-graph.js';
import { TRACE, TraceBackend } from './trace-backend.js';
import type { Dimension } from './onnx-graph.js';
import type { DynamicName } from './trace-backend.js';

/** About an exported file, for any program that reads it. */
export interface OnnxDescription {
  readonly name: string;
  /** Version of the program that writes it. */
  readonly version: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An input: sizes by number, or "batch" and "time" where they are dynamic. */
export interface OnnxInput {
  readonly name: string;
  readonly shape: readonly (number | DynamicName)[];
  /** What the file says of the sizes; fully convolutional networks take any height and width. Default: `shape`. */
  readonly label?: readonly Dimension[];
}

let trace: TraceBackend | null = null;

/**
 * Writes a function of tensors as an ONNX file (opset 17, float32) by running it on an engine that computes nothing and notes what it is asked for.
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

/**
 * Writes a network of layers as an ONNX file, batch normalisation folded into the convolutions, batch and number of frames dynamic.
 * @param wanted names of layers, which are the names of the file's outputs too
 * @throws FerError MODEL_INCOMPATIBLE, INTERNAL for a layer that has no equivalent here
 */
export async function layersModelToOnnx(
  model: tf.LayersModel,
  wanted: readonly string[],
  description: OnnxDescription,
): Promise<Uint8Array> {
  const lean = await foldBatchNorm(model);
  try {
    return traced(description, (engine) => {
      const inputs = Object.fromEntries(
        lean.inputLayers.map(({ name, batchInputShape }) => [name, engine.input(name, inputShape(batchInputShape))]),
      );
      for (const [i, output] of traceLayers(engine, lean, inputs, wanted).entries()) engine.output(wanted[i]!, output);
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
    // From here to the end nothing waits, so nobody else computes on this engine.
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
