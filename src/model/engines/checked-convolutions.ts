import { FerError } from '../../errors/fer-error.js';
import { tf } from '../tfjs.js';
import { filterGradientAt, inputGradientAt, outputAt } from './convolution-reference.js';
import type { ReferenceValue } from './convolution-reference.js';
import { convInfo, installKernel, stockKernel } from './kernels/kernel.js';
import type { ConvInfo } from './kernels/kernel.js';

/** Values that are compared with the reference. */
const SAMPLES = 64;
/** Largest error as a share of the reference's scale. Products in TF32 or bfloat16 are off by less than a tenth of it. */
const TOLERANCE = 0.02;

interface KernelCall {
  readonly inputs: Readonly<Record<string, tf.Tensor4D>>;
  readonly attrs: Readonly<Record<string, unknown>>;
}
type Kernel = (call: KernelCall) => tf.Tensor;

/**
 * Makes TensorFlow's native engine verify its convolutions: when one of certain sizes runs for the first time, forward or backward, some of its
 * values are compared with the definition. oneDNN in libtensorflow 2.12 gets filter gradients of strided 1x1 convolutions
 * wrong; a filter gradient that is wrong is computed by matrix products. Operations throw FerError BACKEND_UNAVAILABLE where any other
 * result is wrong. Call once, after the engine has registered its kernels.
 */
export function checkConvolutions(engine: string): void {
  const stock = (name: string): Kernel | undefined => stockKernel(engine, name) as Kernel | undefined;
  const [conv, fused] = [stock('Conv2D'), stock('FusedConv2D')];
  const [inputGradient, filterGradient] = [stock('Conv2DBackpropInput'), stock('Conv2DBackpropFilter')];
  // The engine's check before use says what is wrong with a package without kernels.
  if (!conv || !fused || !inputGradient || !filterGradient) return;
  const forward = checkedForward(conv);
  const kernels: Readonly<Record<string, Kernel>> = {
    Conv2D: forward.run,
    FusedConv2D: (call) => {
      // It is the convolution and, after that, a bias and an activation.
      if (!forward.isProved(call)) forward.run(withoutEpilogue(call)).dispose();
      return fused(call);
    },
    Conv2DBackpropInput: checkedInputGradient(inputGradient),
    Conv2DBackpropFilter: checkedFilterGradient(filterGradient),
  };
  for (const [name, kernel] of Object.entries(kernels)) installKernel(engine, name, kernel as unknown as tf.KernelFunc);
}

function checkedForward(stock: Kernel): { readonly run: Kernel; isProved(call: KernelCall): boolean } {
  const proofs = new Proofs();
  const infoOf = ({ inputs, attrs }: KernelCall): ConvInfo =>
    convInfo(attrs, inputs['x']!.shape, inputs['filter']!.shape);
  return {
    isProved: (call) => proofs.verdict(infoOf(call)) === true,
    run: (call) => {
      const [x, filter] = [call.inputs['x']!, call.inputs['filter']!];
      const [y, info] = [stock(call), infoOf(call)];
      const isRight = proofs.prove(info, y, () => {
        const [xs, filters] = [x.dataSync(), filter.dataSync()];
        return (at) => outputAt(info, xs, filters, at);
      });
      if (!isRight) throw wrong('a convolution', info);
      return y;
    },
  };
}

function withoutEpilogue(call: KernelCall): KernelCall {
  const { activation: _activation, leakyreluAlpha: _alpha, ...attrs } = call.attrs;
  return { ...call, attrs };
}

function checkedInputGradient(stock: Kernel): Kernel {
  const proofs = new Proofs();
  return (call) => {
    const [dy, filter] = [call.inputs['dy']!, call.inputs['filter']!];
    const dx = stock(call);
    const info = convInfo(call.attrs, call.attrs['inputShape'] as number[], filter.shape);
    const isRight = proofs.prove(info, dx, () => {
      const [dys, filters] = [dy.dataSync(), filter.dataSync()];
      return (at) => inputGradientAt(info, dys, filters, at);
    });
    if (!isRight) throw wrong('the gradient of a convolution by its input', info);
    return dx;
  };
}

function checkedFilterGradient(stock: Kernel): Kernel {
  const [proofs, proofsOfProducts] = [new Proofs(), new Proofs()];
  return (call) => {
    const [x, dy] = [call.inputs['x']!, call.inputs['dy']!];
    const info = convInfo(call.attrs, x.shape, call.attrs['filterShape'] as number[]);
    const reference = (): ((at: number) => ReferenceValue) => {
      const [xs, dys] = [x.dataSync(), dy.dataSync()];
      return (at) => filterGradientAt(info, xs, dys, at);
    };
    if (proofs.verdict(info) !== false) {
      const gradient = stock(call);
      if (proofs.prove(info, gradient, reference)) return gradient;
      gradient.dispose();
    }
    const products = filterGradientByProducts(info, x, dy);
    if (!proofsOfProducts.prove(info, products, reference))
      throw wrong('the gradient of a convolution by its filter', info);
    return products;
  };
}

/** One matrix product for each place of the filter. */
function filterGradientByProducts(info: ConvInfo, x: tf.Tensor4D, dy: tf.Tensor4D): tf.Tensor {
  const { batchSize, outHeight, outWidth, strideHeight, strideWidth, inChannels, outChannels, padInfo } = info;
  return tf.tidy(() => {
    const padded = x.pad([
      [0, 0],
      [padInfo.top, padInfo.bottom],
      [padInfo.left, padInfo.right],
      [0, 0],
    ]);
    const gradients = dy.reshape<tf.Tensor2D>([-1, outChannels]); // [B OH OW, O]
    const places: tf.Tensor[] = [];
    for (let y = 0; y < info.filterHeight; y += 1) {
      for (let z = 0; z < info.filterWidth; z += 1) {
        const seen = padded.stridedSlice(
          [0, y, z, 0],
          [batchSize, y + (outHeight - 1) * strideHeight + 1, z + (outWidth - 1) * strideWidth + 1, inChannels],
          [1, strideHeight, strideWidth, 1],
        ); // [B, OH, OW, I]
        places.push(tf.matMul(seen.reshape<tf.Tensor2D>([-1, inChannels]), gradients, true)); // [I, O]
      }
    }
    return tf.stack(places).reshape(info.filterShape); // [KH, KW, I, O]
  });
}

/** What is known of a kernel's results, by the sizes of the convolution. */
class Proofs {
  private readonly verdicts = new Map<string, boolean>();

  /** undefined while nothing is known */
  verdict(info: ConvInfo): boolean | undefined {
    return this.verdicts.get(keyOf(info));
  }

  /**
   * @param result of the kernel, read the first time only
   * @returns false when it is wrong
   */
  prove(info: ConvInfo, result: tf.Tensor, reference: () => (at: number) => ReferenceValue): boolean {
    const known = this.verdict(info);
    if (known !== undefined) return known;
    const values = result.dataSync();
    const expected = reference();
    let compared = 0;
    for (let i = 0; i < SAMPLES; i += 1) {
      const at = Math.floor(((i + 0.5) * values.length) / SAMPLES);
      const { value, scale } = expected(at);
      // Nothing can be learned from zeros, which gradients are before the first step of some layers, nor from numbers that are none.
      if (scale === 0 || !Number.isFinite(scale)) continue;
      compared += 1;
      if (!(Math.abs(values[at]! - value) <= TOLERANCE * scale)) {
        this.verdicts.set(keyOf(info), false);
        return false;
      }
    }
    if (compared > SAMPLES / 4) this.verdicts.set(keyOf(info), true);
    return true;
  }
}

/** All sizes but the number of pictures, which differs in the last batch of an epoch. */
function keyOf(info: ConvInfo): string {
  return `${sizes(info)} ${JSON.stringify(info.padInfo)} ${info.dilationHeight}x${info.dilationWidth}`;
}

function sizes(info: ConvInfo): string {
  const { filterHeight, filterWidth, strideHeight, strideWidth, inHeight, inWidth, inChannels, outChannels } = info;
  return `${filterHeight}x${filterWidth}, stride ${strideHeight}x${strideWidth}, ${inHeight}x${inWidth}x${inChannels} to ${outChannels} channels`;
}

function wrong(what: string, info: ConvInfo): FerError {
  return new FerError(
    'BACKEND_UNAVAILABLE',
    `TensorFlow's native engine computes ${what} wrong (${sizes(info)}): set TF_ENABLE_ONEDNN_OPTS=0 and start again, or choose --backend wasm`,
  );
}
