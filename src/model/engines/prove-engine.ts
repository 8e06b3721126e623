import { tf } from '../tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import type { Engine } from './backend.js';

const SIZE = 64;
/** Entries of the product reach 32; GPUs that multiply in TF32 are off by some thousandths. */
const TOLERANCE = 0.05;

/**
 * Multiplies two small matrices and checks that the product was computed by `engine` and is right. `tf.getBackend()` alone
 * says only what was selected: here the result's data must be inside the engine's own memory.
 * Large enough (4096 numbers) that no engine hands it to a CPU kernel as "not worth the trip".
 * @throws FerError BACKEND_MISMATCH when another engine computed, BACKEND_UNAVAILABLE when the numbers are wrong.
 */
export async function proveEngine(engine: Engine): Promise<void> {
  if (tf.getBackend() !== engine.tfjsName) {
    throw new FerError(
      'BACKEND_MISMATCH',
      `asked TensorFlow.js for ${engine.name} (${engine.tfjsName}), got ${tf.getBackend()}; ${repair(engine)}`,
    );
  }
  if (!hasKernel('BatchMatMul', engine.tfjsName)) {
    throw new FerError(
      'BACKEND_UNAVAILABLE',
      `${engine.name} registered no kernels with TensorFlow.js; ${repair(engine)}`,
    );
  }
  const values = Float32Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(i));
  const product = tf.tidy(() => {
    const left = tf.tensor2d(values, [SIZE, SIZE]); // [64, 64]
    return tf.matMul(left, left, false, true); // [64, 64], left * left^T
  });
  try {
    if (!engine.holds(product.dataId)) {
      throw new FerError(
        'BACKEND_MISMATCH',
        `${engine.name} is selected, but another engine computed; ${repair(engine)}`,
      );
    }
    const computed = await product.data<'float32'>();
    const error = largestError(computed, values);
    if (!(error < TOLERANCE)) {
      throw new FerError(
        'BACKEND_UNAVAILABLE',
        `${engine.name} gives wrong results (off by ${error} in a ${SIZE}x${SIZE} matrix product); ${repair(engine)}`,
      );
    }
  } finally {
    product.dispose();
  }
}

/** Largest deviation of `product` from values * values^T, computed here. */
function largestError(product: Float32Array, values: Float32Array): number {
  let largest = 0;
  for (let row = 0; row < SIZE; row++) {
    for (let column = 0; column < SIZE; column++) {
      let expected = 0;
      for (let k = 0; k < SIZE; k++) expected += values[row * SIZE + k]! * values[column * SIZE + k]!;
      const error = Math.abs(expected - (product[row * SIZE + column] ?? NaN));
      if (!(error <= largest)) largest = error;
    }
  }
  return largest;
}

function repair(engine: Engine): string {
  return `choose another with --backend, or reinstall: ${engine.install}`;
}

/** Whether TensorFlow.js knows an engine of this name. The typings of both functions miss that there may be none. */
export function isEngineRegistered(tfjsName: string): boolean {
  return (tf.findBackendFactory(tfjsName) as unknown) !== null;
}

function hasKernel(kernel: string, tfjsName: string): boolean {
  return (tf.getKernel(kernel, tfjsName) as unknown) !== undefined;
}
