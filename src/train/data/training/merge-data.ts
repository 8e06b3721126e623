import { FerError } from '../../../errors/fer-error.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { cropLength } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';
import type { PreparedSample } from '../preprocess/read-prepared.js';
import type { FeatureSource } from '../preprocess/file-features.js';
import type { Dataset, Sample } from '../sample.js';

/** A data set as a run uses it. */
export interface OpenData {
  /** Freed of copies (of held-out samples as well), with the labels wanted. */
  readonly dataset: Dataset;
  /** The crops of a prepared data set; null for any other. */
  readonly prepared: CropSource | null;
  /** Features that were prepared with them. */
  readonly preparedFeatures: FeatureSource | null;
  /** Closes the files of prepared crops and features; the rest stays in memory. */
  close(): Promise<void>;
}

/**
 * Several prepared data sets as one: samples one after another, crops likewise. From the second on, names of samples begin with the set's number.
 * @throws FerError CONFIG_INVALID where one is not prepared
 */
export function mergeData(parts: readonly OpenData[]): OpenData {
  const sources = parts.map(({ prepared }) => {
    if (prepared === null)
      throw new FerError(
        'CONFIG_INVALID',
        'moreData: data sets that are trained on together must be prepared; run: fer dataset prepare FORMAT:DIR --output DIR',
      );
    return prepared;
  });
  const [first] = parts;
  let offset = 0;
  const samples: Sample[] = [];
  for (const [i, { dataset }] of parts.entries()) {
    for (const sample of dataset.samples as readonly PreparedSample[]) {
      const id = i === 0 ? sample.id : `${String(i + 1)}:${sample.id}`;
      const shift = (crop: number | null): number | null => (crop === null ? null : crop + offset);
      const placed: PreparedSample = {
        ...sample,
        id,
        firstCrop: sample.firstCrop + offset,
        readFrames: sample.readFrames.map((frame) => ({ ...frame, crop: shift(frame.crop) })),
      };
      samples.push(placed);
    }
    offset += sources[i]!.count;
  }
  const leftOut = Object.assign({}, ...parts.map(({ dataset }) => dataset.leftOut)) as Record<string, number>;
  return {
    dataset: { ...first!.dataset, samples, leftOut },
    prepared: new ConcatenatedCrops(sources),
    preparedFeatures: null,
    close: async () => {
      for (const part of parts) await part.close();
    },
  };
}

class ConcatenatedCrops implements CropSource {
  readonly geometry: CropGeometry;
  readonly count: number;
  private readonly starts: number[] = [];

  constructor(private readonly parts: readonly CropSource[]) {
    this.geometry = parts[0]!.geometry;
    let count = 0;
    for (const part of parts) {
      this.starts.push(count);
      count += part.count;
    }
    this.count = count;
  }

  async read(indices: readonly number[]): Promise<Uint8Array> {
    const length = cropLength(this.geometry);
    const result = new Uint8Array(indices.length * length); // [n, S, S, C]
    for (const [p, part] of this.parts.entries()) {
      const start = this.starts[p]!;
      const places = indices.flatMap((index, i) => (index >= start && index < start + part.count ? [i] : []));
      if (places.length === 0) continue;
      const crops = await part.read(places.map((i) => indices[i]! - start));
      places.forEach((i, k) => {
        result.set(crops.subarray(k * length, (k + 1) * length), i * length);
      });
    }
    return result;
  }
}
