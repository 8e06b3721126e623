import type { tf } from '../../tfjs.js';
import { batchMatMul } from './batch-mat-mul.js';
import { conv2dBackpropFilter, conv2dBackpropInput } from './conv2d-backprop.js';
import { depthwiseBackpropFilter, depthwiseBackpropInput } from './depthwise-backprop.js';
import { installKernel, stockKernel } from './kernel.js';
import type { KernelCall } from './kernel.js';

/** Sums the rows of x that carry the same segment number, as the gradient of tf.gather needs; the wasm engine lacks it. */
function unsortedSegmentSum({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
  const x = inputs['x']!; // [N, ...]
  const segmentIds = inputs['segmentIds']!; // [N]
  const count = attrs['numSegments'] as number;
  const rest = x.shape.slice(1);
  const width = rest.reduce((product, size) => product * size, 1);
  const output = backend.makeOutput([count, ...rest], x.dtype); // [S, ...]
  // Views are taken after the output is made: making it may move WebAssembly's memory.
  const sums = backend.typedArrayFromHeap(output);
  const values = backend.typedArrayFromHeap(x);
  const segments = backend.typedArrayFromHeap(segmentIds);
  sums.fill(0);
  for (let row = 0; row < segments.length; row++) {
    const segment = segments[row]!;
    // As TensorFlow does it: rows of segments that are not there are left out.
    if (segment < 0 || segment >= count) continue;
    for (let i = 0; i < width; i++) sums[segment * width + i]! += values[row * width + i]!;
  }
  return output;
}

let installed = false;

/** Adds kernels for training that the wasm engine lacks or has only slow ones for. Idempotent. */
export function installTrainingKernels(): void {
  if (installed) return;
  installed = true;
  const stockMatMul = stockKernel('BatchMatMul');
  if (stockMatMul) installKernel('BatchMatMul', batchMatMul(stockMatMul));
  installKernel('Conv2DBackpropFilter', conv2dBackpropFilter);
  installKernel('Conv2DBackpropInput', conv2dBackpropInput);
  installKernel('DepthwiseConv2dNativeBackpropFilter', depthwiseBackpropFilter);
  installKernel('DepthwiseConv2dNativeBackpropInput', depthwiseBackpropInput);
  installKernel('UnsortedSegmentSum', unsortedSegmentSum);
}
