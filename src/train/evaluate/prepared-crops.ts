import { FerError } from '../../errors/index.js';
import type { CropGeometry } from '../../model/crop-geometry.js';
import { cropLength } from '../crops/index.js';
import type { Prepared } from '../prepare/index.js';
import { emptyNotes } from './crop-notes.js';
import type { LabelledCrop } from './labelled-crop.js';

/** Crops read at a time. */
const BATCH = 64;

/**
 * The faces of a prepared data set, with their labels: what was found when it was prepared.
 * @throws FerError MODEL_INCOMPATIBLE, on construction, when they were cut otherwise than the model wants them
 */
export class PreparedCrops implements AsyncIterable<LabelledCrop> {
  readonly notes = emptyNotes();

  constructor(
    private readonly prepared: Prepared,
    geometry: CropGeometry,
    private readonly onSample: (done: number) => void = () => undefined,
  ) {
    const { folder, crops } = prepared;
    if (describe(crops.geometry) !== describe(geometry)) {
      throw new FerError('MODEL_INCOMPATIBLE', `${folder}: its faces are cut as ${describe(crops.geometry)}, the model wants ${describe(geometry)}; prepare it for the model, or name the data set itself`);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LabelledCrop, void, undefined> {
    const { crops, samples } = this.prepared;
    const { geometry } = crops;
    const length = cropLength(geometry);
    for (const [done, { id, kind, label, frameLabels, readFrames, origin, note, path }] of samples.entries()) {
      if (origin === 'whole') this.notes.wholePictures += 1;
      if (note !== null) this.notes.unreadable.push({ path: `${path} (${id})`, message: note });
      const faces = readFrames.flatMap(({ index, timestamp, crop }, at) => {
        const truth = frameLabels === null ? label : (frameLabels[at] ?? null);
        if (crop === null && truth !== null) this.notes.framesWithoutFace += 1;
        return crop === null ? [] : [{ crop, face: { id, frame: kind === 'image' ? null : index, timestamp, truth } }];
      });
      for (let from = 0; from < faces.length; from += BATCH) {
        const batch = faces.slice(from, from + BATCH);
        const pixels = await crops.read(batch.map(({ crop }) => crop));
        for (const [i, { face }] of batch.entries()) yield { ...face, crop: { geometry, data: Float32Array.from(pixels.subarray(i * length, (i + 1) * length)) } };
      }
      this.onSample(done + 1);
    }
  }
}

function describe({ size, channels, eyes, mouth }: CropGeometry): string {
  return `${size}x${size}x${channels}, eyes at (${eyes.x}, ${eyes.y}), mouth at (${mouth.x}, ${mouth.y})`;
}
