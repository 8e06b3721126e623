import type { CropGeometry } from '../../../model/crop-geometry.js';
import { areaAverage } from './area-average.js';
import { cropLength } from './crop-source.js';
import type { CropSource } from './crop-source.js';

/**
 * Crops as a network wants them: as they are, or made smaller where they differ from that in nothing but being larger, so that crops prepared once
 * serve networks of several sizes. Null where they cannot be made so.
 */
export function fitCrops(crops: CropSource, wanted: CropGeometry): CropSource | null {
  if (!samePlaces(crops.geometry, wanted) || crops.geometry.size < wanted.size) return null;
  return crops.geometry.size === wanted.size ? crops : new ShrunkCrops(crops, wanted);
}

/** Made smaller when they are read. */
class ShrunkCrops implements CropSource {
  readonly count: number;
  private readonly shrink: (crop: Uint8Array) => Uint8Array;

  constructor(
    private readonly crops: CropSource,
    readonly geometry: CropGeometry,
  ) {
    this.count = crops.count;
    this.shrink = areaAverage(crops.geometry.size, geometry.size, geometry.channels);
  }

  async read(indices: readonly number[]): Promise<Uint8Array> {
    const [from, to] = [cropLength(this.crops.geometry), cropLength(this.geometry)];
    const large = await this.crops.read(indices); // [n, L, L, C]
    const small = new Uint8Array(indices.length * to); // [n, S, S, C]
    for (let i = 0; i < indices.length; i += 1)
      small.set(this.shrink(large.subarray(i * from, (i + 1) * from)), i * to);
    return small;
  }
}

/** Colours and the places of eyes and mouth. */
function samePlaces(a: CropGeometry, b: CropGeometry): boolean {
  return (
    a.channels === b.channels &&
    a.eyes.x === b.eyes.x &&
    a.eyes.y === b.eyes.y &&
    a.mouth.x === b.mouth.x &&
    a.mouth.y === b.mouth.y
  );
}
