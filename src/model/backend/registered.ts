import * as tf from '@tensorflow/tfjs';

/** Whether TensorFlow.js knows an engine of this name; its typings forget that the answer to these two can be "none". */
export function isEngineRegistered(tfjsName: string): boolean {
  return (tf.findBackendFactory(tfjsName) as unknown) !== null;
}

export function hasKernel(kernel: string, tfjsName: string): boolean {
  return (tf.getKernel(kernel, tfjsName) as unknown) !== undefined;
}
