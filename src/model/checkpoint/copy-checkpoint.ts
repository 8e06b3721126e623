import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { makeFolder } from '../../files/write-error.js';
import { tf } from '../tfjs.js';
import { INFO_FILE, digestFiles, folderHandler, verifyFiles, verifyWeights } from './checkpoint-files.js';
import { readCheckpointInfo } from './checkpoint.js';

/** Largest number of IEEE 754 binary16. */
export const LARGEST_FLOAT16 = 65504;

/** IEEE 754 binary16 of each value, as its 16 bits: the nearest one, of two equally near the even one. Larger values than `LARGEST_FLOAT16` become infinite. */
export function toFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, halfOf);
}

/** @param word the bits of a float32: 1 sign, 8 exponent (bias 127), 23 fraction */
function halfOf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const fraction = word & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200); // infinity or NaN
  const half = exponent - 127 + 15; // exponent with binary16's bias
  if (half >= 31) return sign | 0x7c00;
  if (half < -10) return sign; // less than half of the smallest
  // Below 2^-14 the leading one is no longer implied, and moves into the fraction.
  const [significand, dropped] = half > 0 ? [(half << 23) | fraction, 13] : [fraction | 0x800000, 14 - half];
  const kept = significand >>> dropped;
  const rest = significand & ((1 << dropped) - 1);
  const halfway = 1 << (dropped - 1);
  // A carry out of the fraction goes into the exponent, which is where it belongs.
  return sign | (rest > halfway || (rest === halfway && (kept & 1) === 1) ? kept + 1 : kept);
}

interface Uint8Weights {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** A weight is its byte times `scale`, plus `min`. */
  readonly scale: number;
  readonly min: number;
}

/** Values as 256 even steps from the smallest to the largest. */
export function toUint8(values: Float32Array): Uint8Weights {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const scale = max > min ? (max - min) / 255 : 1;
  return { bytes: Uint8Array.from(values, (value) => Math.round((value - min) / scale)), scale, min };
}

/** Mean absolute error over the mean absolute value; 0 for zeros. */
export function uint8Error(values: Float32Array, { bytes, scale, min }: Uint8Weights): number {
  let error = 0;
  let size = 0;
  for (const [i, value] of values.entries()) {
    error += Math.abs(bytes[i]! * scale + min - value);
    size += Math.abs(value);
  }
  return size === 0 ? 0 : error / size;
}

/** Storage of weights: as trained, in half the space, or in a quarter. */
export const WEIGHT_PRECISIONS = ['float32', 'float16', 'uint8'] as const;
export type WeightPrecision = (typeof WEIGHT_PRECISIONS)[number];

/**
 * Copies a checkpoint into a new folder. With `float16` or `uint8`, kernels are stored in half precision or as 256 even steps in TensorFlow.js' own format, which
 * restores float32 on loading; kernels that 256 steps would change much use half precision. Biases and batch statistics stay float32.
 * @throws FerError WEIGHTS_MISSING when files are missing or damaged, OUTPUT_UNWRITABLE
 */
export async function copyCheckpoint(from: string, to: string, precision: WeightPrecision = 'float32'): Promise<void> {
  const info = await readCheckpointInfo(from);
  await verifyFiles(from, info);
  const artifacts = await folderHandler(from).load!().catch((cause: unknown) => {
    throw new FerError('WEIGHTS_MISSING', `checkpoint ${from}: cannot be read; copy the folder again`, { cause });
  });
  verifyWeights(from, artifacts);
  try {
    await makeFolder(to);
    const rounding = ROUNDINGS[precision];
    await folderHandler(to).save!(rounding === null ? artifacts : rounded(artifacts, rounding));
    const described = { ...info, files: await digestFiles(to) };
    await writeFile(join(to, INFO_FILE), `${JSON.stringify(described, null, 2)}\n`);
  } catch (cause) {
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      `checkpoint ${to} cannot be written (${(cause as Error).message}); choose a folder that can`,
      { cause },
    );
  }
}

/** Quantizes weights with two dimensions or more; already quantized ones stay. */
function rounded(artifacts: tf.io.ModelArtifacts, round: Rounding): tf.io.ModelArtifacts {
  const data = tf.io.CompositeArrayBuffer.join(artifacts.weightData);
  const parts: ArrayBuffer[] = [];
  let offset = 0;
  const weightSpecs = (artifacts.weightSpecs ?? []).map((spec): tf.io.WeightsManifestEntry => {
    const bytes = tf.util.sizeFromShape(spec.shape) * BYTES[spec.quantization?.dtype ?? 'float32'];
    const own = data.slice(offset, offset + bytes);
    offset += bytes;
    const isKernel = spec.quantization === undefined && spec.dtype === 'float32' && spec.shape.length >= 2;
    const kept = isKernel ? round(new Float32Array(own)) : null;
    parts.push(kept?.data ?? own);
    return kept === null ? spec : { ...spec, quantization: kept.quantization };
  });
  return { ...artifacts, weightSpecs, weightData: tf.io.CompositeArrayBuffer.join(parts) };
}

/** Quantized weights; null where the values do not fit. */
type Rounding = (values: Float32Array) => { readonly data: ArrayBuffer; readonly quantization: Quantization } | null;
type Quantization = NonNullable<tf.io.WeightsManifestEntry['quantization']>;

const BYTES = { float32: 4, float16: 2, uint16: 2, uint8: 1 } as const;

/** Largest uint8Error of a kernel; beyond it half precision is used. */
const LARGEST_ERROR = 0.03;

const asFloat16: Rounding = (values) =>
  values.some((value) => Math.abs(value) > LARGEST_FLOAT16)
    ? null
    : { data: toFloat16(values).buffer as ArrayBuffer, quantization: { dtype: 'float16' } };

const asUint8: Rounding = (values) => {
  const kept = toUint8(values);
  if (!(uint8Error(values, kept) <= LARGEST_ERROR)) return asFloat16(values);
  return { data: kept.bytes.buffer, quantization: { dtype: 'uint8', scale: kept.scale, min: kept.min } };
};

const ROUNDINGS: Readonly<Record<WeightPrecision, Rounding | null>> = {
  float32: null,
  float16: asFloat16,
  uint8: asUint8,
};
