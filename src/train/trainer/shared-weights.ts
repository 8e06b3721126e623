import type { WeightVectors } from './model-weights.js';

/** A copy of the weights in memory that all threads see, so that a step sends them to nobody. */
export interface SharedWeights {
  /** [P] float32 */
  readonly trained: SharedArrayBuffer;
  /** [Q] float32 */
  readonly moving: SharedArrayBuffer;
}

/** @param trainedLength P @param movingLength Q */
export function allocateSharedWeights(trainedLength: number, movingLength: number): SharedWeights {
  const { BYTES_PER_ELEMENT } = Float32Array;
  return {
    trained: new SharedArrayBuffer(trainedLength * BYTES_PER_ELEMENT),
    moving: new SharedArrayBuffer(movingLength * BYTES_PER_ELEMENT),
  };
}

/** The same memory as flat lists. */
export function viewOf({ trained, moving }: SharedWeights): WeightVectors {
  return { trained: new Float32Array(trained), moving: new Float32Array(moving) };
}
