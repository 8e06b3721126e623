import { tf } from '../../tfjs.js';
import type { Kernel, KernelCall } from './kernel.js';

/** Multiplications per matrix product below which splitting the batch does not pay. */
const WORTH_CUTTING = 16_384;

/**
 * Fast matMul for the wasm engine, which has a fast product for two plain matrices but a plain loop for transposed or
 * batched ones. So transpose first, fold a batch that shares one right-hand matrix into rows, and else go product by product.
 */
export function batchMatMul(stock: Kernel): Kernel {
  return (call: KernelCall): tf.TensorInfo => {
    const a = call.inputs['a']!; // [..., M, K], or [..., K, M] when transposeA
    const b = call.inputs['b']!; // [..., K, N], or [..., N, K] when transposeB
    const transposeA = call.attrs['transposeA'] === true;
    const transposeB = call.attrs['transposeB'] === true;
    const [aRows, aCols] = lastTwo(a);
    const [bRows, bCols] = lastTwo(b);
    const rows = transposeA ? aCols : aRows; // M
    const inner = transposeA ? aRows : aCols; // K
    const columns = transposeB ? bRows : bCols; // N
    const batchA = a.size / (aRows * aCols);
    const batchB = b.size / (bRows * bCols);
    const plain = !transposeA && !transposeB;
    const single = batchA === 1 && batchB === 1;
    const fitting =
      inner === (transposeB ? bCols : bRows) &&
      a.dtype === 'float32' &&
      b.dtype === 'float32' &&
      a.size > 0 &&
      b.size > 0;
    const outer = fitting
      ? tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
      : [];
    const batch = tf.util.sizeFromShape(outer);
    // Every product has either its own matrix on a side, or the one they all share.
    const inStep = (batchA === 1 || batchA === batch) && (batchB === 1 || batchB === batch);
    // The engine has its own errors for these, and is fast enough.
    if (!fitting || !inStep || (plain && single) || rows * inner * columns < WORTH_CUTTING) return stock(call);

    return tf.tidy(() => {
      const product = (left: tf.Tensor, right: tf.Tensor): tf.Tensor =>
        tf.engine().runKernel('BatchMatMul', { a: left, b: right }, { transposeA: false, transposeB: false });
      const left = upright(a, transposeA, batchA); // [A, M, K]
      const right = upright(b, transposeB, batchB); // [B, K, N]
      if (batchB === 1) {
        return product(left.reshape([batchA * rows, inner]), right.reshape([inner, columns])).reshape([
          ...outer,
          rows,
          columns,
        ]);
      }
      const lefts = batchA === 1 ? [left.reshape([rows, inner])] : tf.unstack(left);
      const products = tf.unstack(right).map((matrix, i) => product(lefts[batchA === 1 ? 0 : i]!, matrix)); // B x [M, N]
      return tf.stack(products).reshape([...outer, rows, columns]);
    });
  };
}

function lastTwo(tensor: tf.Tensor): [number, number] {
  return [tensor.shape.at(-2)!, tensor.shape.at(-1)!];
}

function upright(tensor: tf.Tensor, transposed: boolean, batch: number): tf.Tensor {
  const [rows, columns] = lastTwo(tensor);
  const flat = tensor.reshape([batch, rows, columns]);
  return transposed ? tf.transpose(flat, [0, 2, 1]) : flat;
}
