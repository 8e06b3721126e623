import { tf } from '../tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import type { Attribute } from './onnx-graph.js';
import { TRACE, scalar } from './trace-backend.js';
import type { Layout, TraceBackend } from './trace-backend.js';

type Info = tf.TensorInfo;
type Inputs = Readonly<Record<string, Info>>;
type Attributes = Readonly<Record<string, unknown>>;
type Emit = (trace: TraceBackend, inputs: Inputs, attributes: Attributes) => Info | Info[];

/** Where the axes of [B, H, W, C] are in [B, C, H, W]. */
const NCHW_AXIS = [0, 2, 3, 1];

/** Every TensorFlow.js kernel that our networks use, in terms of ONNX operators. */
const KERNELS: Readonly<Record<string, Emit>> = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: binary('Mul'),
  RealDiv: binary('Div'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),

  Relu: unary('Relu'),
  Relu6: (trace, { x }) => relu6(trace, x!),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Exp: unary('Exp'),
  Log: unary('Log'),
  Sqrt: unary('Sqrt'),
  Neg: unary('Neg'),
  Abs: unary('Abs'),
  Identity: unary('Identity'),
  Cast: unary('Identity'),
  Rsqrt: (trace, inputs) => unary('Reciprocal')(trace, { x: unary('Sqrt')(trace, inputs, {}) as Info }, {}),
  Square: (trace, { x }) => binary('Mul')(trace, { a: x!, b: x! }, {}),
  LeakyRelu: (trace, { x }, { alpha }) => leakyRelu(trace, x!, alpha as number),
  Prelu: (trace, { x, alpha }) => prelu(trace, x!, alpha!),

  Conv2D: (trace, inputs, attributes) => convolve(trace, inputs, attributes, false),
  FusedConv2D: (trace, inputs, attributes) => convolve(trace, inputs, attributes, false),
  DepthwiseConv2dNative: (trace, inputs, attributes) => convolve(trace, inputs, attributes, true),
  FusedDepthwiseConv2D: (trace, inputs, attributes) => convolve(trace, inputs, attributes, true),
  MaxPool: pool('MaxPool'),
  AvgPool: pool('AveragePool'),
  ResizeBilinear: resize,
  PadV2: pad,
  Reverse: reverse,

  Mean: reduce('ReduceMean'),
  Max: reduce('ReduceMax'),
  Cumsum: (trace, { x }, { axis, exclusive, reverse }) => {
    const inputs = [trace.name(x!), scalar(trace, axis as number)];
    const options = { exclusive: Number(exclusive), reverse: Number(reverse) };
    return trace.value(trace.graph.node('CumSum', inputs, options), x!.shape);
  },
  Softmax: (trace, { logits }) => {
    const name = trace.graph.node('Softmax', [trace.name(logits!)], { axis: -1 });
    return trace.value(name, logits!.shape);
  },
  BatchMatMul: (trace, inputs, attributes) => multiply(trace, inputs, attributes),
  _FusedMatMul: (trace, inputs, attributes) => multiply(trace, inputs, attributes),

  Reshape: (trace, { x }, { shape }) => reshape(trace, x!, shape as number[]),
  ExpandDims: (trace, { input }, { dim }) => reshape(trace, input!, withOne(input!.shape, dim as number)),
  Transpose: (trace, { x }, { perm }) =>
    trace.value(
      trace.graph.node('Transpose', [trace.name(x!)], { perm: perm as number[] }),
      (perm as number[]).map((axis) => x!.shape[axis]!),
    ),
  Concat: concat,
};

/** Registers the engine's kernels once. */
export function registerTraceKernels(): void {
  for (const [kernelName, emit] of Object.entries(KERNELS)) {
    if ((tf.getKernel(kernelName, TRACE) as unknown) !== undefined) continue;
    tf.registerKernel({
      kernelName,
      backendName: TRACE,
      kernelFunc: ({ inputs, attrs, backend }) =>
        emit(backend as unknown as TraceBackend, inputs as unknown as Inputs, attrs ?? {}),
    });
  }
}

function layoutOf(trace: TraceBackend, info: Info): Layout {
  return trace.isNchw(info) ? 'nchw' : 'nhwc';
}

/** An operator that keeps shape and layout. */
function apply(
  trace: TraceBackend,
  operator: string,
  x: Info,
  more: readonly string[] = [],
  attributes: Readonly<Record<string, Attribute>> = {},
): Info {
  const layout = layoutOf(trace, x);
  return trace.value(trace.graph.node(operator, [trace.name(x, layout), ...more], attributes), x.shape, layout);
}

function unary(operator: string): Emit {
  return (trace, inputs) => apply(trace, operator, Object.values(inputs)[0]!);
}

function relu6(trace: TraceBackend, x: Info): Info {
  const bound = (value: number): string => trace.graph.floats(Float32Array.of(value), []);
  return apply(trace, 'Clip', x, [bound(0), bound(6)]);
}

function leakyRelu(trace: TraceBackend, x: Info, alpha: number): Info {
  return apply(trace, 'LeakyRelu', x, [], { alpha: { float: alpha } });
}

/** Slopes by channel. */
function prelu(trace: TraceBackend, x: Info, alpha: Info): Info {
  const layout = layoutOf(trace, x);
  return apply(trace, 'PRelu', x, [layout === 'nchw' ? channelConstant(trace, alpha) : trace.name(alpha)]);
}

/** With broadcasting. In the layout of pictures if there is one and the other operand can follow. */
function binary(operator: string): Emit {
  return (trace, { a, b }) => {
    const shape = tf.backend_util.assertAndGetBroadcastShape(a!.shape, b!.shape);
    const operands = [a!, b!];
    const follows = (info: Info): boolean =>
      info.shape.length === 4 || tf.util.sizeFromShape(info.shape) === 1 || isChannelConstant(trace, info);
    const layout: Layout =
      operands.some((info) => info.shape.length === 4 && trace.isNchw(info)) && operands.every(follows)
        ? 'nchw'
        : 'nhwc';
    const nameOf = (info: Info): string => {
      if (layout === 'nhwc') return trace.name(info);
      if (info.shape.length === 4) return trace.name(info, 'nchw');
      return isChannelConstant(trace, info) ? channelConstant(trace, info) : trace.name(info);
    };
    return trace.value(trace.graph.node(operator, operands.map(nameOf)), shape, layout);
  };
}

function isChannelConstant(trace: TraceBackend, info: Info): boolean {
  return trace.constant(info) !== null && tf.util.sizeFromShape(info.shape) === info.shape.at(-1);
}

/** [C] or [1, 1, C] as [C, 1, 1]. */
function channelConstant(trace: TraceBackend, info: Info): string {
  const values = trace.constant(info);
  if (values === null || !isChannelConstant(trace, info))
    throw new FerError('INTERNAL', `cannot export values of shape [${info.shape.join(', ')}] for each channel`);
  return trace.graph.floats(Float32Array.from(values), [values.length, 1, 1]);
}

/** Padding as ONNX says it: the same rule as TensorFlow's, so that pictures of any size are padded alike. */
function padding(value: unknown): Readonly<Record<string, Attribute>> {
  if (value === 'same') return { auto_pad: 'SAME_UPPER' };
  if (value === 'valid') return { auto_pad: 'VALID' };
  if (typeof value === 'number') return { pads: [value, value, value, value] };
  const [, [top, bottom], [left, right]] = value as [unknown, [number, number], [number, number]];
  return { pads: [top, left, bottom, right] };
}

function pair(value: unknown): [number, number] {
  return typeof value === 'number' ? [value, value] : (value as [number, number]);
}

/** With bias and activation where the kernel has them. */
function convolve(trace: TraceBackend, inputs: Inputs, attributes: Attributes, isDepthwise: boolean): Info {
  const { x, filter, bias, preluActivationWeights } = inputs;
  const { strides, pad, dilations = 1 } = attributes as { strides: number; pad: 'same'; dilations?: number };
  const [height, width, channels, filters] = filter!.shape as [number, number, number, number];
  const weights = trace.constant(filter!)!;
  const kernel = isDepthwise
    ? trace.graph.floats(depthwiseKernel(weights, height * width, channels * filters), [
        channels * filters,
        1,
        height,
        width,
      ])
    : trace.graph.floats(outputFirst(weights, height * width, channels, filters), [filters, channels, height, width]);
  const { outShape } = tf.backend_util.computeConv2DInfo(
    x!.shape as [number, number, number, number],
    filter!.shape as [number, number, number, number],
    pair(strides),
    pair(dilations),
    pad,
    undefined,
    isDepthwise,
  );
  const name = trace.graph.node('Conv', [trace.name(x!, 'nchw'), kernel, ...(bias ? [trace.name(bias)] : [])], {
    ...{ kernel_shape: [height, width], strides: pair(strides), dilations: pair(dilations) },
    ...{ group: isDepthwise ? channels : 1, ...padding(pad) },
  });
  return activate(trace, trace.value(name, outShape, 'nchw'), attributes, preluActivationWeights);
}

function activate(trace: TraceBackend, x: Info, { activation, leakyreluAlpha }: Attributes, slopes?: Info): Info {
  switch (activation ?? 'linear') {
    case 'linear':
      return x;
    case 'relu':
      return apply(trace, 'Relu', x);
    case 'relu6':
      return relu6(trace, x);
    case 'sigmoid':
      return apply(trace, 'Sigmoid', x);
    case 'leakyrelu':
      return leakyRelu(trace, x, leakyreluAlpha as number);
    case 'prelu':
      return prelu(trace, x, slopes!);
    default:
      throw new FerError('INTERNAL', `cannot export activation ${String(activation)}`);
  }
}

/** [K, in, out] -> [out, in, K] */
function outputFirst(values: ArrayLike<number>, taps: number, channels: number, filters: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let tap = 0; tap < taps; tap++)
    for (let c = 0; c < channels; c++)
      for (let f = 0; f < filters; f++)
        out[(f * channels + c) * taps + tap] = values[(tap * channels + c) * filters + f]!;
  return out;
}

/** [K, C] -> [C, K] */
function depthwiseKernel(values: ArrayLike<number>, taps: number, channels: number): Float32Array {
  return outputFirst(values, taps, 1, channels);
}

function pool(operator: 'MaxPool' | 'AveragePool'): Emit {
  return (trace, { x }, attributes) => {
    const { filterSize, strides, pad } = attributes as { filterSize: number; strides: number; pad: 'same' };
    const { outShape } = tf.backend_util.computePool2DInfo(
      x!.shape as [number, number, number, number],
      pair(filterSize),
      pair(strides),
      1,
      pad,
    );
    const name = trace.graph.node(operator, [trace.name(x!, 'nchw')], {
      ...{ kernel_shape: pair(filterSize), strides: pair(strides) },
      ...padding(pad),
    });
    return trace.value(name, outShape, 'nchw');
  };
}

function resize(trace: TraceBackend, { images }: Inputs, attributes: Attributes): Info {
  const { size, halfPixelCenters, alignCorners } = attributes as {
    size: [number, number];
    halfPixelCenters: boolean;
    alignCorners: boolean;
  };
  const [batch, , , channels] = images!.shape as [number, number, number, number];
  const sizes = trace.shapeVector([batch, channels, ...size], false);
  const name = trace.graph.node('Resize', [trace.name(images!, 'nchw'), '', '', sizes], {
    mode: 'linear',
    coordinate_transformation_mode: alignCorners ? 'align_corners' : halfPixelCenters ? 'half_pixel' : 'asymmetric',
  });
  return trace.value(name, [batch, ...size, channels], 'nchw');
}

function pad(trace: TraceBackend, { x }: Inputs, attributes: Attributes): Info {
  const { paddings, constantValue } = attributes as { paddings: [number, number][]; constantValue: number };
  const layout = layoutOf(trace, x!);
  const ordered = layout === 'nchw' ? [0, 3, 1, 2].map((axis) => paddings[axis]!) : paddings;
  const pads = trace.graph.ints([...ordered.map(([start]) => start), ...ordered.map(([, end]) => end)]);
  const value = trace.graph.floats(Float32Array.of(constantValue), []);
  const name = trace.graph.node('Pad', [trace.name(x!, layout), pads, value], { mode: 'constant' });
  return trace.value(
    name,
    x!.shape.map((length, axis) => length + paddings[axis]![0] + paddings[axis]![1]),
    layout,
  );
}

function reverse(trace: TraceBackend, { x }: Inputs, { dims }: Attributes): Info {
  const layout = layoutOf(trace, x!);
  const axes = tf.util.parseAxisParam(dims as number | number[], x!.shape);
  const each = (value: number): string => trace.graph.ints(axes.map(() => value));
  const inOrder = trace.graph.ints(axes.map((axis) => (layout === 'nchw' ? NCHW_AXIS[axis]! : axis)));
  // From the last entry backwards to before the first.
  return apply(trace, 'Slice', x!, [each(-1), each(-(2 ** 31)), inOrder, each(-1)]);
}

function reduce(operator: string): Emit {
  return (trace, { x }, { axis, axes, keepDims, reductionIndices }) => {
    const given = (axis ?? axes ?? reductionIndices) as number | number[];
    const reduced = tf.util.parseAxisParam(given, x!.shape);
    // Without the reduced axes only single pictures' channels are in the same order in both layouts.
    const layout: Layout = trace.isNchw(x!) && (keepDims === true || reduced.join() === '1,2') ? 'nchw' : 'nhwc';
    const name = trace.graph.node(operator, [trace.name(x!, layout)], {
      axes: reduced.map((at) => (layout === 'nchw' ? NCHW_AXIS[at]! : at)),
      keepdims: keepDims === true ? 1 : 0,
    });
    const shape = x!.shape.flatMap((size, at) => (!reduced.includes(at) ? [size] : keepDims === true ? [1] : []));
    return trace.value(name, shape, shape.length === 4 ? layout : 'nhwc');
  };
}

function multiply(trace: TraceBackend, inputs: Inputs, attributes: Attributes): Info {
  const { a, b, bias, preluActivationWeights } = inputs;
  const { transposeA, transposeB } = attributes;
  const side = (info: Info, isTransposed: unknown): { name: string; shape: number[] } => {
    if (isTransposed !== true) return { name: trace.name(info), shape: info.shape };
    const order = info.shape.map((_, axis) => axis);
    const perm = [...order.slice(0, -2), order.at(-1)!, order.at(-2)!];
    return {
      name: trace.graph.node('Transpose', [trace.name(info)], { perm }),
      shape: perm.map((axis) => info.shape[axis]!),
    };
  };
  const [left, right] = [side(a!, transposeA), side(b!, transposeB)];
  const outer = tf.backend_util.assertAndGetBroadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  const product = trace.value(trace.graph.node('MatMul', [left.name, right.name]), [
    ...outer,
    left.shape.at(-2)!,
    right.shape.at(-1)!,
  ]);
  const sum = bias ? (binary('Add')(trace, { a: product, b: bias }, {}) as Info) : product;
  return activate(trace, sum, attributes, preluActivationWeights);
}

function reshape(trace: TraceBackend, x: Info, shape: readonly number[]): Info {
  // Tfjs leaves one -1 to the kernel.
  const known = shape.reduce((size, length) => (length === -1 ? size : size * length), 1);
  const full = shape.map((length) => (length === -1 ? tf.util.sizeFromShape(x.shape) / known : length));
  return trace.value(trace.graph.node('Reshape', [trace.name(x), trace.shapeVector(full)]), full);
}

function withOne(shape: readonly number[], dim: number): number[] {
  const at = dim < 0 ? shape.length + dim + 1 : dim;
  return [...shape.slice(0, at), 1, ...shape.slice(at)];
}

function concat(trace: TraceBackend, inputs: Inputs, { axis }: Attributes): Info {
  const parts = Object.values(inputs);
  const at = tf.util.parseAxisParam(axis as number, parts[0]!.shape)[0]!;
  const layout: Layout = parts[0]!.shape.length === 4 && parts.every((part) => trace.isNchw(part)) ? 'nchw' : 'nhwc';
  const name = trace.graph.node(
    'Concat',
    parts.map((part) => trace.name(part, layout)),
    { axis: layout === 'nchw' ? NCHW_AXIS[at]! : at },
  );
  const shape = parts[0]!.shape.map((size, i) =>
    i === at ? parts.reduce((sum, part) => sum + part.shape[i]!, 0) : size,
  );
  return trace.value(name, shape, layout);
}
