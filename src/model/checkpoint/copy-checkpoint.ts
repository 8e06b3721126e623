import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tf } from '../tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import { LARGEST_FLOAT16, toFloat16, toUint8, uint8Error } from './quantize.js';
import { digestFiles } from './checkpoint-files.js';
import { INFO_FILE, folderHandler } from './folder-handler.js';
import { readCheckpointInfo } from './load-checkpoint.js';

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
  const artifacts = await folderHandler(from).load!().catch((cause: unknown) => {
    throw new FerError('WEIGHTS_MISSING', `checkpoint ${from}: cannot be read; copy the folder again`, { cause });
  });
  try {
    await mkdir(to, { recursive: true });
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
