import { FerError } from '../../errors/fer-error.js';
import { foldBatchNorm, topologyOf } from '../networks/topology.js';
import { tf } from '../tfjs.js';
import { registerTraceKernels } from './kernels.js';
import { OnnxGraph } from './onnx-graph.js';
import type { DynamicName, OnnxDescription, OnnxInput } from './onnx-graph.js';
import { TRACE, TraceBackend, scalar } from './trace-backend.js';

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

/** Added to the attention scores of masked frames, as in self-attention.ts. */
const NEVER = -1e9;
/** FLOAT of onnx.proto's data types. */
const FLOAT = 1;

/**
 * Writes a network of layers into the graph. Layers whose own computation depends on the number of frames have an equivalent here;
 * all others write themselves, by computing on the tracing engine.
 * @param inputs by the name of the input layer
 * @returns outputs of the wanted layers
 */
function traceLayers(
  trace: TraceBackend,
  model: tf.LayersModel,
  inputs: Readonly<Record<string, tf.Tensor>>,
  wanted: readonly string[],
): tf.Tensor[] {
  const outputs = new Map<string, tf.Tensor>();
  for (const { name, class_name: kind, inbound_nodes: nodes } of topologyOf(model).layers) {
    if (nodes.length === 0) {
      outputs.set(name, inputs[name]!);
      continue;
    }
    if (nodes.length > 1)
      throw new FerError('MODEL_INCOMPATIBLE', `cannot export a network that uses layer ${name} more than once`);
    const from = nodes[0]!.map(([source]) => outputs.get(source)!);
    const layer = model.getLayer(name);
    const write = LAYERS[kind];
    outputs.set(
      name,
      write ? write(trace, from, layer) : (layer.call(from.length === 1 ? from[0]! : from, {}) as tf.Tensor),
    );
  }
  return wanted.map((name) => outputs.get(name)!);
}

type WriteLayer = (trace: TraceBackend, inputs: readonly tf.Tensor[], layer: tf.layers.Layer) => tf.Tensor;

const LAYERS: Readonly<Record<string, WriteLayer | undefined>> = {
  FerSeededDropout: (_, [x]) => x!,
  Dropout: (_, [x]) => x!,
  FerLayerNorm: layerNorm,
  FerPositionalCode: positionalCode,
  FerSelfAttention: selfAttention,
};

/** Name in the graph of a layer's weight, e.g. "gamma". */
function weightName(trace: TraceBackend, layer: tf.layers.Layer, name: string): string {
  const weight = layer.weights.find(({ originalName }) => originalName.replace(/^.*\//, '') === name)!;
  return trace.name(weight.read());
}

function layerNorm(trace: TraceBackend, [x]: readonly tf.Tensor[], layer: tf.layers.Layer): tf.Tensor {
  const inputs = [trace.name(x!), weightName(trace, layer, 'gamma'), weightName(trace, layer, 'beta')];
  const epsilon = { float: Number(layer.getConfig()['epsilon']) };
  return trace.tensor(trace.graph.node('LayerNormalization', inputs, { axis: -1, epsilon }), x!.shape);
}

/** sin(t / 10000^(2i / D) + phase), phase = pi / 2 for the cosines of odd channels. [B, T, D] */
function positionalCode(trace: TraceBackend, [x]: readonly tf.Tensor[]): tf.Tensor {
  const { graph } = trace;
  const [, time, width] = x!.shape as [number, number, number];
  const channels = Array.from({ length: width }, (_, channel) => channel);
  const rates = graph.floats(
    Float32Array.from(channels, (channel) => 1 / 10_000 ** ((channel - (channel % 2)) / width)),
    [1, width],
  );
  const phases = graph.floats(
    Float32Array.from(channels, (channel) => (channel % 2 === 0 ? 0 : Math.PI / 2)),
    [1, width],
  );
  const range = graph.node('Range', [scalar(trace, 0), graph.node('Squeeze', [trace.sizeOf(time)]), scalar(trace, 1)]);
  const frames = graph.node('Cast', [range], { to: FLOAT }); // [T]
  const angles = graph.node('Mul', [graph.node('Unsqueeze', [frames, graph.ints([1])]), rates]); // [T, D]
  const code = graph.node('Sin', [graph.node('Add', [angles, phases])]); // [T, D]
  return trace.tensor(graph.node('Add', [trace.name(x!), code]), x!.shape);
}

/** softmax(Q K^T / sqrt(d) + masks) V for each head, then a linear layer. [B, T, D] -> [B, T, D] */
function selfAttention(trace: TraceBackend, [x, present]: readonly tf.Tensor[], layer: tf.layers.Layer): tf.Tensor {
  const { graph } = trace;
  const [, time, width] = x!.shape as [number, number, number];
  const { heads, causal } = layer.getConfig() as { heads: number; causal: boolean };
  const depth = width / heads; // d
  const linear = (value: string, kernel: string, bias: string): string =>
    graph.node('Add', [
      graph.node('MatMul', [value, weightName(trace, layer, kernel)]),
      weightName(trace, layer, bias),
    ]);

  const projected = linear(trace.name(x!), 'in_kernel', 'in_bias'); // [B, T, 3 D]
  // 0 keeps a size.
  const split = graph.node('Reshape', [projected, graph.ints([0, 0, 3, heads, depth])]); // [B, T, 3, H, d]
  const parts = graph.node('Transpose', [split], { perm: [2, 0, 3, 1, 4] }); // [3, B, H, T, d]
  const [q, k, v] = [0, 1, 2].map((part) =>
    graph.node('Squeeze', [graph.node('Gather', [parts, graph.ints([part])], { axis: 0 }), graph.ints([0])]),
  ) as [string, string, string]; // [B, H, T, d]
  const scale = graph.floats(Float32Array.of(1 / Math.sqrt(depth)), []);
  const transposed = graph.node('Transpose', [k], { perm: [0, 1, 3, 2] });
  let scores = graph.node('MatMul', [graph.node('Mul', [q, scale]), transposed]); // [B, H, T, T]
  const never = graph.floats(Float32Array.of(NEVER), []);
  if (causal) {
    const square = graph.node('Expand', [never, trace.shapeVector([time, time], false)]); // [T, T]
    scores = graph.node('Add', [scores, graph.node('Trilu', [square, scalar(trace, 1)], { upper: 1 })]);
  }
  if (present !== undefined) {
    const one = graph.floats(Float32Array.of(1), []);
    const absent = graph.node('Mul', [graph.node('Sub', [one, trace.name(present)]), never]); // [B, T]
    scores = graph.node('Add', [scores, graph.node('Unsqueeze', [absent, graph.ints([1, 2])])]);
  }
  const mixed = graph.node('MatMul', [graph.node('Softmax', [scores], { axis: -1 }), v]); // [B, H, T, d]
  const joined = graph.node('Reshape', [
    graph.node('Transpose', [mixed], { perm: [0, 2, 1, 3] }),
    graph.ints([0, 0, width]),
  ]); // [B, T, D]
  return trace.tensor(linear(joined, 'out_kernel', 'out_bias'), x!.shape);
}
