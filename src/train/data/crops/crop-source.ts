import type { CropGeometry } from '../../../model/crop-geometry.js';

/**
 * Crops in a network's geometry: unchanged, or scaled down if they differ only in size, so that crops prepared once
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

/** Weights of the old pixels in a new one along one side: `weights[k]` for the old one at `first + k`; their sum is 1. */
interface Span {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * Makes square pictures smaller: every new pixel is the mean of the area it covers, old pixels that are in it in part counting in part.
 * @param from old side, `to` new side, not larger; in pixels
 * @returns a function of one picture, [from, from, channels] -> [to, to, channels]
 */
export function areaAverage(from: number, to: number, channels: number): (picture: Uint8Array) => Uint8Array {
  const spans = Array.from({ length: to }, (_, i) => spanOf((i * from) / to, ((i + 1) * from) / to));
  const narrow = new Float32Array(from * to * channels);
  return (picture) => {
    // First along the rows, then along the columns: an area's weights are the products of those of its sides.
    narrow.fill(0);
    for (let y = 0; y < from; y += 1) {
      spans.forEach(({ first, weights }, x) => {
        const target = (y * to + x) * channels;
        weights.forEach((weight, k) => {
          const source = (y * from + first + k) * channels;
          for (let c = 0; c < channels; c += 1) narrow[target + c]! += weight * picture[source + c]!;
        });
      });
    }
    const stride = to * channels;
    const result = new Uint8Array(to * stride);
    const row = new Float32Array(stride);
    spans.forEach(({ first, weights }, y) => {
      // The half is for rounding, which a Uint8Array does not do.
      row.fill(0.5);
      weights.forEach((weight, k) => {
        const source = (first + k) * stride;
        for (let i = 0; i < stride; i += 1) row[i]! += weight * narrow[source + i]!;
      });
      result.set(row, y * stride);
    });
    return result;
  };
}

/** The pixels under [start, end), each with its part of that length. */
function spanOf(start: number, end: number): Span {
  const first = Math.floor(start);
  const last = Math.ceil(end - 1e-9);
  const weights = Array.from(
    { length: last - first },
    (_, k) => (Math.min(end, first + k + 1) - Math.max(start, first + k)) / (end - start),
  );
  return { first, weights };
}

/** Face crops to train or evaluate on, from any store. */
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

/** As messages name them. */
export function describeCrops({ size, channels, eyes, mouth }: CropGeometry): string {
  return `${size}x${size} ${channels === 1 ? 'grey' : 'colour'} crops with eyes at (${eyes.x}, ${eyes.y}) and mouth at (${mouth.x}, ${mouth.y})`;
}
