import { batchMatMul } from './batch-mat-mul.js';
import { conv2dBackpropFilter, conv2dBackpropInput } from './conv2d-backprop.js';
import { depthwiseBackpropFilter, depthwiseBackpropInput } from './depthwise-backprop.js';
import { installKernel, stockKernel } from './kernel.js';
import { unsortedSegmentSum } from './unsorted-segment-sum.js';

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
