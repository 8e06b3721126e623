import type { tf } from '../../tfjs.js';
import type { KernelCall } from './kernel.js';

/** Sums the rows of x that carry the same segment number, as the gradient of tf.gather needs; the wasm engine lacks it. */
export function unsortedSegmentSum({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
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
