import type { CropGeometry } from '../../../model/crop-geometry.js';

/** Face crops to train or evaluate on, wherever they are kept. */
export interface CropSource {
  readonly geometry: CropGeometry;
  readonly count: number;
  /** The crops of these indices, one after another, each value in 0..255. [n, S, S, C] */
  read(indices: readonly number[]): Promise<Uint8Array>;
}

/** Values of one crop. */
export function cropLength({ size, channels }: CropGeometry): number {
  return size * size * channels;
}
