import { FerError } from '../../../errors/fer-error.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { cropLength } from '../crops/crop-source.js';
import { fitCrops } from '../crops/fit-crops.js';
import type { CropSource } from '../crops/crop-source.js';
import type { Prepared } from '../preprocess/open-prepared.js';
import { emptyNotes } from './crop-notes.js';
import type { LabelledCrop } from './labelled-crop.js';

/** Crops read at a time. */
const BATCH = 64;

/**
 * The faces of a prepared data set, with their labels, and the frames without one: what was found when it was prepared. Crops larger than the model wants are made smaller.
 * @throws FerError MODEL_INCOMPATIBLE, on construction, when they were cut otherwise than the model wants them
 */
export class PreparedCrops implements AsyncIterable<LabelledCrop> {
  readonly notes = emptyNotes();
  private readonly crops: CropSource;

  constructor(
    private readonly prepared: Prepared,
    geometry: CropGeometry,
    private readonly onSample: (done: number) => void = () => undefined,
  ) {
    const { folder, crops } = prepared;
    const fitted = fitCrops(crops, geometry);
    if (fitted === null) {
      throw new FerError(
        'MODEL_INCOMPATIBLE',
        `${folder}: its faces are cut as ${describe(crops.geometry)}, the model wants ${describe(geometry)}; prepare it for the model, or name the data set itself`,
      );
    }
    this.crops = fitted;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LabelledCrop, void, undefined> {
    const { crops } = this;
    const { all } = this.prepared;
    const { geometry } = crops;
    const length = cropLength(geometry);
    let done = 0;
    for (const sample of all) {
      const { id, kind, label, frameLabels, readFrames, origin, note, path } = sample;
      // An image without a crop was left out when the data were prepared; a clip without any still has frames to answer for.
      if (sample.crops === 0 && kind === 'image') continue;
      if (origin === 'whole') this.notes.wholePictures += 1;
      if (note !== null) this.notes.unreadable.push({ path: `${path} (${id})`, message: note });
      for (let from = 0; from < readFrames.length; from += BATCH) {
        const batch = readFrames.slice(from, from + BATCH);
        const pixels = await crops.read(batch.flatMap(({ crop }) => crop ?? []));
        let next = 0;
        for (const [i, { index, timestamp, crop }] of batch.entries()) {
          const truth = frameLabels === null ? label : (frameLabels[from + i] ?? null);
          const data = crop === null ? null : Float32Array.from(pixels.subarray(next * length, (next + 1) * length));
          if (data !== null) next += 1;
          yield {
            id,
            frame: kind === 'image' ? null : index,
            timestamp,
            truth,
            crop: data === null ? null : { geometry, data },
          };
        }
      }
      if (sample.crops > 0) this.onSample((done += 1));
    }
  }
}

function describe({ size, channels, eyes, mouth }: CropGeometry): string {
  return `${size}x${size}x${channels}, eyes at (${eyes.x}, ${eyes.y}), mouth at (${mouth.x}, ${mouth.y})`;
}
