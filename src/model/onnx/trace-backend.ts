import { tf } from '../tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import type { Dimension, DynamicName, OnnxGraph } from './onnx-graph.js';

export const TRACE = 'onnx-trace';

/**
 * Sizes in place of dynamic ones while a network is traced: nothing is computed, so they may be large, and primes that no layer
 * has make every size that depends on them recognisable.
 */
const DYNAMIC: Readonly<Record<DynamicName, number>> = { batch: 10_007, time: 10_009 };

/** Pictures are [B, H, W, C] in TensorFlow.js and [B, C, H, W] in ONNX. */
export type Layout = 'nhwc' | 'nchw';
const TO_NCHW = [0, 3, 1, 2];
const TO_NHWC = [0, 2, 3, 1];

/** A constant, or a value of the graph under one name for each layout in which it exists. */
interface Entry {
  readonly values: tf.backend_util.TypedArray | null;
  names: Partial<Record<Layout, string>>;
  /** The graph to which the names belong. */
  graph: OnnxGraph | null;
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  references: number;
}

/** An engine of TensorFlow.js that writes operations into an ONNX graph instead of computing them. */
export class TraceBackend extends tf.KernelBackend {
  private readonly entries = new tf.DataStorage<Entry>(this, tf.engine());
  private readonly dimensions = new Map<DynamicName, string>();
  private current: OnnxGraph | null = null;

  get graph(): OnnxGraph {
    if (this.current === null) throw new FerError('INTERNAL', 'nothing is being exported');
    return this.current;
  }

  begin(graph: OnnxGraph): void {
    this.current = graph;
    this.dimensions.clear();
  }

  end(): void {
    this.current = null;
  }

  /** A graph input as a tensor. Inputs with dynamic sizes also tell the graph what those are. */
  input(name: string, shape: readonly (number | DynamicName)[], label: readonly Dimension[] = shape): tf.Tensor {
    this.graph.input(name, label);
    const traced = shape.map((size) => (typeof size === 'number' ? size : DYNAMIC[size]));
    for (const [axis, size] of shape.entries()) {
      if (typeof size === 'number' || this.dimensions.has(size)) continue;
      const index = this.graph.ints([axis]);
      this.dimensions.set(size, this.graph.node('Gather', [this.graph.node('Shape', [name]), index]));
    }
    return this.tensor(name, traced);
  }

  /** A new value of the graph as a tensor. */
  tensor(name: string, shape: readonly number[]): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.value(name, shape));
  }

  /** @param anySize the network's pictures have any height and width, and so has a picture that comes out */
  output(name: string, tensor: tf.Tensor, anySize = false): void {
    const label = tensor.shape.map(dimensionOf);
    if (anySize && label.length === 4) [label[1], label[2]] = [`${name}_height`, `${name}_width`];
    this.graph.output(name, this.name(tensor), label);
  }

  /** A new value of the graph. */
  value(
    name: string,
    shape: readonly number[],
    layout: Layout = 'nhwc',
    dtype: tf.DataType = 'float32',
  ): tf.TensorInfo {
    const dataId = {};
    this.entries.set(dataId, {
      ...{ values: null, names: { [layout]: name }, graph: this.graph },
      ...{ shape, dtype, references: 1 },
    });
    return { dataId, shape: [...shape], dtype };
  }

  /** Whether a picture exists in ONNX' layout. */
  isNchw({ dataId }: tf.TensorInfo): boolean {
    return this.entries.get(dataId).names.nchw !== undefined;
  }

  /** Name of a value or constant in a layout; transposed once if need be. */
  name({ dataId, shape }: tf.TensorInfo, layout: Layout = 'nhwc'): string {
    const entry = this.entries.get(dataId);
    if (entry.values !== null && entry.graph !== this.graph) [entry.names, entry.graph] = [{}, this.graph];
    if (entry.values !== null && entry.names.nhwc === undefined)
      entry.names.nhwc = this.graph.floats(Float32Array.from(entry.values), shape);
    const known = entry.names[layout];
    if (known !== undefined) return known;
    const perm = layout === 'nchw' ? TO_NCHW : TO_NHWC;
    const other = entry.names[layout === 'nchw' ? 'nhwc' : 'nchw']!;
    return (entry.names[layout] = this.graph.node('Transpose', [other], { perm }));
  }

  /** Values of a constant, such as weights; null for a value of the graph. */
  constant({ dataId }: tf.TensorInfo): tf.backend_util.TypedArray | null {
    return this.entries.get(dataId).values;
  }

  /** A shape as an int64 vector: constant, with one -1 where the rest decides, or computed from the inputs' sizes. */
  shapeVector(shape: readonly number[], infer = true): string {
    const dynamic = shape.filter((size) => typeof dimensionOf(size) !== 'number');
    if (dynamic.length === 0) return this.graph.ints(shape);
    if (infer && dynamic.length === 1)
      return this.graph.ints(shape.map((size) => (typeof dimensionOf(size) === 'number' ? size : -1)));
    return this.graph.node(
      'Concat',
      shape.map((size) => this.sizeOf(size)),
      { axis: 0 },
    );
  }

  /** A size as an int64 vector of one number. */
  sizeOf(size: number): string {
    const { factor, names } = factorise(size);
    return names.reduce(
      (product, name) => this.graph.node('Mul', [product, this.dimensions.get(name)!]),
      this.graph.ints([factor]),
    );
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: tf.DataId,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    this.entries.set(dataId, {
      values: values as tf.backend_util.TypedArray,
      names: {},
      graph: null,
      shape,
      dtype,
      references,
    });
  }

  override readSync(dataId: tf.DataId): tf.backend_util.BackendValues {
    const { values } = this.entries.get(dataId);
    if (values === null) throw new FerError('INTERNAL', 'a network that is exported reads its own results');
    return values;
  }

  override read(dataId: tf.DataId): Promise<tf.backend_util.BackendValues> {
    return Promise.resolve(this.readSync(dataId));
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    if (!this.entries.has(dataId)) return true;
    const entry = this.entries.get(dataId);
    entry.references -= 1;
    if (!force && entry.references > 0) return false;
    this.entries.delete(dataId);
    return true;
  }

  override refCount(dataId: tf.DataId): number {
    return this.entries.has(dataId) ? this.entries.get(dataId).references : 0;
  }

  override incRef(dataId: tf.DataId): void {
    this.entries.get(dataId).references += 1;
  }

  override numDataIds(): number {
    return this.entries.numDataIds();
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }
}

/** The dynamic sizes in a traced size, and the fixed rest. */
function factorise(size: number): { factor: number; names: DynamicName[] } {
  const names: DynamicName[] = [];
  let factor = size;
  for (const [name, prime] of Object.entries(DYNAMIC) as [DynamicName, number][]) {
    while (factor !== 0 && factor % prime === 0) {
      factor /= prime;
      names.push(name);
    }
  }
  return { factor, names };
}

function dimensionOf(size: number): Dimension {
  const { factor, names } = factorise(size);
  if (names.length === 0) return size;
  return [...(factor === 1 ? [] : [String(factor)]), ...names].join('_');
}

/** An int64 scalar. */
export function scalar({ graph }: TraceBackend, value: number): string {
  return graph.node('Squeeze', [graph.ints([value])]);
}
