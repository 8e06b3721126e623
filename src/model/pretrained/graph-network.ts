import { tf } from '../tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import { disposeWeights, type GraphAttribute, type GraphNode, type WeightMap, weight } from './weight-files.js';

type Activation = 'linear' | 'relu' | 'prelu';

interface Step {
  readonly output: string;
  readonly inputs: readonly string[];
  readonly run: (...inputs: tf.Tensor4D[]) => tf.Tensor4D;
  /** Values no later step reads. */
  free: readonly string[];
}

/**
 * Runs a frozen convolutional graph unchanged, for input of any size and batch: tfjs' own GraphModel insists on
 * the size the graph was exported with. Only the requested outputs are computed, and every intermediate value is
 * disposed as soon as its last reader has run.
 */
export class GraphNetwork {
  private readonly steps: readonly Step[];
  private readonly outputs: readonly string[];

  /**
   * @param outputs names of the nodes to compute
   * @throws FerError INTERNAL when the graph holds an operation that is not known here
   */
  constructor(
    nodes: readonly GraphNode[],
    private readonly weights: WeightMap,
    outputs: readonly string[],
  ) {
    const byName = new Map(nodes.map((node) => [node.name, node]));
    this.outputs = outputs.map((name) => resolveAlias(byName, name));
    this.steps = compile(byName, weights, this.outputs);
  }

  /**
   * @param input [B, H, W, C]; stays the caller's
   * @returns the outputs in the requested order, [B, H', W', C'] each; the caller's to dispose
   */
  run(input: tf.Tensor4D): tf.Tensor4D[] {
    return tf.tidy(() => {
      const values = new Map<string, tf.Tensor4D>([[INPUT, input]]);
      for (const step of this.steps) {
        values.set(step.output, step.run(...step.inputs.map((name) => values.get(name)!)));
        for (const name of step.free) {
          values.get(name)!.dispose();
          values.delete(name);
        }
      }
      return this.outputs.map((name) => values.get(name)!);
    });
  }

  dispose(): void {
    disposeWeights(this.weights);
  }
}

const INPUT = '<input>';

/** Reshape and Identity at the end of a graph only change how the same numbers are presented. */
function resolveAlias(nodes: ReadonlyMap<string, GraphNode>, name: string): string {
  const node = nodes.get(name);
  if (node === undefined) throw new FerError('INTERNAL', `the graph has no node "${name}"`);
  return node.op === 'Identity' || node.op === 'Reshape' ? resolveAlias(nodes, node.input![0]!) : name;
}

function compile(nodes: ReadonlyMap<string, GraphNode>, weights: WeightMap, outputs: readonly string[]): Step[] {
  const steps: Step[] = [];
  const done = new Set<string>([INPUT]);
  const visit = (name: string): string => {
    const resolved = resolveAlias(nodes, name);
    const node = nodes.get(resolved)!;
    if (node.op === 'Placeholder') return INPUT;
    if (done.has(resolved)) return resolved;
    const inputs = node.input!.filter((input) => !weights.has(input)).map(visit);
    const parameters = node.input!.filter((input) => weights.has(input));
    steps.push({ output: resolved, inputs, run: operation(node, parameters, weights), free: [] });
    done.add(resolved);
    return resolved;
  };
  outputs.forEach(visit);
  const kept = new Set<string>([INPUT, ...outputs]);
  for (const step of steps.toReversed()) {
    step.free = [...new Set(step.inputs)].filter((name) => !kept.has(name));
    for (const name of step.free) kept.add(name);
  }
  return steps;
}

function operation(node: GraphNode, parameters: readonly string[], weights: WeightMap): Step['run'] {
  const parameter = <R extends tf.Rank>(position: number): tf.Tensor<R> => weight<R>(weights, parameters[position]!);
  switch (node.op) {
    case '_FusedConv2D': {
      const filter = parameter<tf.Rank.R4>(0);
      const bias = parameter<tf.Rank.R1>(1);
      const activation = activationOf(node);
      const slopes = activation === 'prelu' ? { preluActivationWeights: parameter(2) } : {};
      const strides = strideOf(node);
      const pad = paddingOf(node);
      return (x) => tf.fused.conv2d({ x: x, filter, bias, strides, pad, activation, ...slopes });
    }
    case 'DepthwiseConv2dNative': {
      const filter = parameter<tf.Rank.R4>(0);
      const strides = strideOf(node);
      const pad = paddingOf(node);
      return (x) => tf.depthwiseConv2d(x, filter, strides, pad);
    }
    case 'MaxPool': {
      const size = spatial(node.attr?.ksize);
      const strides = strideOf(node);
      const pad = paddingOf(node);
      return (x) => tf.maxPool(x, size, strides, pad);
    }
    case 'Pad': {
      const flat = [...parameter(0).dataSync()];
      const paddings = [0, 1, 2, 3].map((axis) => [flat[2 * axis]!, flat[2 * axis + 1]!] as [number, number]);
      return (x) => tf.pad(x, paddings);
    }
    case 'Prelu': {
      const slopes = parameter<tf.Rank.R3>(0) as tf.Tensor;
      return (x) => tf.prelu<tf.Tensor>(x, slopes) as tf.Tensor4D;
    }
    case 'AddV2':
      return (a, b) => tf.add(a, b);
    case 'Relu':
      return (x) => tf.relu(x);
    case 'Sigmoid':
      return (x) => tf.sigmoid(x);
    default:
      throw new FerError('INTERNAL', `graph operation ${node.op} (${node.name}) is not known`);
  }
}

function text(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('latin1');
}

function activationOf(node: GraphNode): Activation {
  const fused = (node.attr?.fused_ops?.list?.s ?? []).map(text);
  return fused.includes('Prelu') ? 'prelu' : fused.includes('Relu') ? 'relu' : 'linear';
}

/** Height and width of a [1, h, w, 1] attribute. */
function spatial(attribute: GraphAttribute | undefined): [number, number] {
  const values = attribute?.list?.i ?? [];
  return [Number(values[1] ?? 1), Number(values[2] ?? 1)];
}

function strideOf(node: GraphNode): [number, number] {
  return spatial(node.attr?.strides);
}

function paddingOf(node: GraphNode): 'same' | 'valid' {
  return text(node.attr?.padding?.s) === 'SAME' ? 'same' : 'valid';
}
