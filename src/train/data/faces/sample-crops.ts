import type { FaceNets } from '../../../ingest/index.js';
import { FerError } from '../../../errors/fer-error.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import type { Sample } from '../sample.js';
import { emptyNotes } from './crop-notes.js';
import type { FaceHandling } from './face-handling.js';
import { FoundFaces } from './found-faces.js';
import type { LabelledCrop } from './labelled-crop.js';
import { picturesOf, wholePictures } from './whole-pictures.js';
import type { Picture } from './whole-pictures.js';

export interface SampleCropsOptions {
  readonly geometry: CropGeometry;
  readonly faces: FaceHandling;
  /** Asked for before the first search for a face; stay the caller's. */
  readonly nets: () => Promise<FaceNets>;
  /** Called with the number of samples done so far. */
  readonly onSample?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** Pictures decoded at a time. */
const BATCH = 64;

/**
 * The faces of a data set's samples, in their order and all frames of every clip, with or without a face, with their labels. Files that cannot be used are noted and passed over.
 * @throws FerError INTERRUPTED after `signal`, and what loading the face networks throws
 */
export class SampleCrops implements AsyncIterable<LabelledCrop> {
  readonly notes = emptyNotes();

  constructor(
    private readonly samples: readonly Sample[],
    private readonly options: SampleCropsOptions,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<LabelledCrop, void, undefined> {
    const { geometry, faces, nets, onSample, signal } = this.options;
    const { notes } = this;
    const found = new FoundFaces(geometry, nets, notes);
    let pending: Picture[] = [];
    try {
      for (const [done, sample] of this.samples.entries()) {
        if (signal?.aborted === true)
          throw new FerError('INTERRUPTED', 'evaluation stopped; run it again for the whole');
        if (faces === 'detect' || (sample.kind === 'clip' && sample.frames === null)) {
          // Crops leave in the order of the samples.
          yield* wholePictures(pending, geometry, notes);
          pending = [];
          yield* found.of(sample, signal);
        } else {
          pending.push(...picturesOf(sample));
          while (pending.length >= BATCH) yield* wholePictures(pending.splice(0, BATCH), geometry, notes);
        }
        onSample?.(done + 1);
      }
      yield* wholePictures(pending, geometry, notes);
    } finally {
      await found.close();
    }
  }
}
