import { tf } from './tfjs.js';

const BYTES = { float32: 4, int32: 4, float16: 2, uint16: 2, uint8: 1 } as const;
type StoredType = keyof typeof BYTES;

/** The type in which a weight is stored. */
export function storedType({ dtype, quantization }: tf.io.WeightsManifestEntry): StoredType {
  return quantization?.dtype ?? (dtype as 'float32' | 'int32');
}

/** Bytes that a weight takes. */
export function storedBytes(spec: tf.io.WeightsManifestEntry): number {
  return tf.util.sizeFromShape(spec.shape) * BYTES[storedType(spec)];
}

/** A weight as TensorFlow.js stores it. */
interface StoredWeight {
  readonly spec: tf.io.WeightsManifestEntry;
  readonly bytes: Uint8Array;
}

/** @param data of all weights, one after the other, in the order of the specifications; may end early */
export function storedWeights(specs: readonly tf.io.WeightsManifestEntry[], data: Uint8Array): StoredWeight[] {
  let offset = 0;
  return specs.map((spec) => {
    const from = offset;
    offset += storedBytes(spec);
    return { spec, bytes: data.subarray(from, offset) };
  });
}

/**
 * The numbers of a weight, as TensorFlow.js decodes them. That takes most of the time in which a network is loaded: tables for
 * each weight stored as float16, all others number by number.
 */
export function weightValues({ spec, bytes }: StoredWeight): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  const type = storedType(spec);
  if (type === 'uint8') return dequantized(bytes, 2 ** 8, spec);
  // A copy: views of wider numbers have to be aligned.
  const { buffer } = new Uint8Array(bytes);
  if (type === 'float32') return new Float32Array(buffer);
  if (type === 'int32') return new Int32Array(buffer);
  if (type === 'float16') return widened(new Uint16Array(buffer));
  return dequantized(new Uint16Array(buffer), 2 ** 16, spec);
}

function dequantized(
  levels: Uint8Array | Uint16Array,
  count: number,
  { dtype, quantization }: tf.io.WeightsManifestEntry,
): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  const { scale = NaN, min = NaN } = quantization ?? {};
  const numbers = Array.from({ length: count }, (_, level) => level * scale + min);
  if (dtype === 'int32') return lookedUp(levels, Int32Array.from(numbers, Math.round), new Int32Array(levels.length));
  return lookedUp(levels, Float32Array.from(numbers), new Float32Array(levels.length));
}

function lookedUp<T extends Float32Array | Int32Array>(levels: Uint8Array | Uint16Array, table: T, values: T): T {
  for (let i = 0; i < levels.length; i++) values[i] = table[levels[i]!]!;
  return values;
}

/** IEEE 754 binary16: one bit of sign, five of exponent, ten of fraction. The bits of float32 are the same, at other places, but for the smallest numbers. */
function widened(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const exponent = half & 0x7c00;
    const rest = (half & 0x7fff) << 13;
    const sign = (half & 0x8000) << 16;
    if (exponent === 0) values[i] = (half & 0x8000 ? -1 : 1) * (half & 0x3ff) * 2 ** -24;
    else bits[i] = sign | (rest + (exponent === 0x7c00 ? 0x70000000 : 0x38000000));
  }
  return values;
}
