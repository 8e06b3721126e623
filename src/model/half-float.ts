import { tf } from './tfjs.js';

/** Weights as TensorFlow.js stores them. */
interface StoredWeights {
  readonly weightSpecs: tf.io.WeightsManifestEntry[];
  /** One after the other, in the order of the specifications. */
  readonly weightData: ArrayBuffer;
}

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

/**
 * The same weights with those stored as float16 widened to float32. TensorFlow.js does that too, but computes its tables again for every weight,
 * which takes longer than the rest of loading a network.
 */
export function widenHalfFloats({ weightSpecs, weightData }: StoredWeights): StoredWeights {
  if (!weightSpecs.some((spec) => storedType(spec) === 'float16')) return { weightSpecs, weightData };
  const isHalf = (spec: tf.io.WeightsManifestEntry): boolean => storedType(spec) === 'float16';
  const total = weightSpecs.reduce((sum, spec) => sum + storedBytes(spec) * (isHalf(spec) ? 2 : 1), 0);
  const wide = new Uint8Array(total);
  let [from, to] = [0, 0];
  for (const spec of weightSpecs) {
    const stored = weightData.slice(from, from + storedBytes(spec));
    from += storedBytes(spec);
    const bytes = isHalf(spec) ? new Uint8Array(widened(new Uint16Array(stored)).buffer) : new Uint8Array(stored);
    wide.set(bytes, to);
    to += bytes.length;
  }
  return {
    weightSpecs: weightSpecs.map((spec) =>
      isHalf(spec) ? { name: spec.name, shape: spec.shape, dtype: 'float32' } : spec,
    ),
    weightData: wide.buffer,
  };
}

let table: Float32Array | null = null;

function widened(halves: Uint16Array): Float32Array<ArrayBuffer> {
  if (table === null) {
    table = new Float32Array(2 ** 16);
    for (let half = 0; half < table.length; half++) table[half] = valueOf(half);
  }
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i]!]!;
  return values;
}

/** IEEE 754 binary16: one bit of sign, five of exponent, ten of fraction. */
function valueOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
