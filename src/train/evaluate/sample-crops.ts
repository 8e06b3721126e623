import { alignFace, FaceFollower, openFile } from '../../ingest/index.js';
import type { FaceNets, Frame } from '../../ingest/index.js';
import { FerError } from '../../errors/index.js';
import type { CropGeometry, FaceCrop } from '../../model/crop-geometry.js';
import { cropLength, decodeImages } from '../crops/index.js';
import type { Sample } from '../datasets/index.js';
import type { LabelledCrop } from './labelled-crop.js';
import { MainFace } from './main-face.js';
import { pictureFrame } from './picture-frame.js';

/** How pictures become crops: taken as they are (data sets of face crops), or faces found and aligned as in annotation. Videos are always searched for faces. */
export type FaceHandling = 'as-is' | 'detect';

/** What could not be tested on, and what was tested on for want of better. Complete when the crops have ended. */
export interface CropNotes {
  /** Labelled frames of clips in which no face was found, or of which there is no picture. */
  framesWithoutFace: number;
  /** Pictures tested on as a whole because no face was found in them ("detect" only). */
  wholePictures: number;
  /** Files that cannot be decoded, or not to the end. */
  readonly unreadable: { readonly path: string; readonly message: string }[];
}

export interface SampleCropsOptions {
  readonly geometry: CropGeometry;
  readonly faces: FaceHandling;
  /** Asked for before the first search for a face; stays the caller's. */
  readonly nets: () => Promise<FaceNets>;
  /** Called with the number of samples done so far. */
  readonly onSample?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** Of frames that lie as files: they carry no time of their own. */
const FRAMES_PER_SECOND = 25;

/** Pictures decoded at a time. */
const BATCH = 64;

interface Picture {
  readonly path: string;
  readonly id: string;
  readonly frame: number | null;
  readonly timestamp: number;
  readonly truth: string | null;
}

/**
 * The faces of a data set's samples, in their order and all frames of every clip, with their labels. Files that cannot be used are noted and passed over.
 * @throws FerError INTERRUPTED after `signal`, and what loading the face networks throws
 */
export class SampleCrops implements AsyncIterable<LabelledCrop> {
  readonly notes: CropNotes = { framesWithoutFace: 0, wholePictures: 0, unreadable: [] };
  private done = 0;

  constructor(
    private readonly samples: readonly Sample[],
    private readonly options: SampleCropsOptions,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<LabelledCrop, void, undefined> {
    let pending: Picture[] = [];
    for (const sample of this.samples) {
      if (this.options.signal?.aborted === true) throw new FerError('INTERRUPTED', 'evaluation stopped; run it again for the whole');
      const isVideo = sample.kind === 'clip' && sample.frames === null;
      if (isVideo) {
        // Crops leave in the order of the samples.
        yield* this.wholes(pending);
        pending = [];
        yield* this.facesOfVideo(sample);
      } else if (this.options.faces === 'detect') {
        yield* this.facesOfPictures(this.picturesOf(sample));
      } else {
        pending.push(...this.picturesOf(sample));
        while (pending.length >= BATCH) {
          yield* this.wholes(pending.slice(0, BATCH));
          pending = pending.slice(BATCH);
        }
      }
      this.options.onSample?.((this.done += 1));
    }
    yield* this.wholes(pending);
  }

  private picturesOf({ id, kind, path, frames, label, frameLabels }: Sample): Picture[] {
    if (kind === 'image') return [{ path, id, frame: null, timestamp: 0, truth: label }];
    const pictures = (frames ?? []).map(({ index, path: file }) => {
      return { path: file, id, frame: index, timestamp: index / FRAMES_PER_SECOND, truth: frameLabels === null ? label : (frameLabels[index] ?? null) };
    });
    const there = new Set(pictures.map(({ frame }) => frame));
    this.notes.framesWithoutFace += (frameLabels ?? []).filter((truth, index) => truth !== null && !there.has(index)).length;
    return pictures;
  }

  private async *wholes(pictures: readonly Picture[]): AsyncGenerator<LabelledCrop, void, undefined> {
    const { geometry } = this.options;
    const { crops, places } = await decodeImages(pictures.map(({ path }) => path), geometry);
    const all = await crops.read([...pictures.keys()]);
    const length = cropLength(geometry);
    for (const [i, picture] of pictures.entries()) {
      const place = places[i]!;
      if (typeof place === 'number') yield labelled(picture, { geometry, data: Float32Array.from(all.subarray(place * length, (place + 1) * length)) });
      else this.notes.unreadable.push({ path: picture.path, message: place.failed });
    }
  }

  /** The pictures of one sample. */
  private async *facesOfPictures(pictures: readonly Picture[]): AsyncGenerator<LabelledCrop, void, undefined> {
    const find = await this.finder();
    try {
      for (const picture of pictures) {
        let frame: Frame;
        try {
          frame = await pictureFrame(picture.path, picture.frame ?? 0, picture.timestamp);
        } catch (error) {
          this.notes.unreadable.push({ path: picture.path, message: error instanceof Error ? error.message : String(error) });
          continue;
        }
        const crop = await find.crop(frame);
        if (crop !== null) yield labelled(picture, crop);
        else if (picture.frame === null) {
          this.notes.wholePictures += 1;
          yield* this.wholes([picture]);
        } else if (picture.truth !== null) this.notes.framesWithoutFace += 1;
      }
    } finally {
      find.dispose();
    }
  }

  private async *facesOfVideo({ id, path, label, frameLabels, startSeconds, endSeconds }: Sample): AsyncGenerator<LabelledCrop, void, undefined> {
    const find = await this.finder();
    try {
      const source = await openFile(path, { start: startSeconds, end: endSeconds });
      for await (const frame of source.frames(this.options.signal)) {
        const truth = frameLabels === null ? label : (frameLabels[frame.index] ?? null);
        const crop = await find.crop(frame);
        if (crop !== null) yield { id, frame: frame.index, timestamp: frame.timestamp, truth, crop };
        else if (truth !== null) this.notes.framesWithoutFace += 1;
      }
      const { note } = source.report();
      if (note !== null) this.notes.unreadable.push({ path, message: note });
    } catch (error) {
      const failure = FerError.from(error);
      if (!failure.code.startsWith('INPUT_')) throw failure;
      this.notes.unreadable.push({ path, message: failure.message });
    } finally {
      find.dispose();
    }
  }

  /** Follows the main face of one sample. */
  private async finder(): Promise<{ crop(frame: Frame): Promise<FaceCrop | null>; dispose(): void }> {
    const follower = new FaceFollower(await this.options.nets());
    const main = new MainFace();
    return {
      crop: async (frame) => {
        const face = main.choose(await follower.update(frame));
        return face === null ? null : alignFace(frame, face.landmarks, this.options.geometry);
      },
      dispose: () => {
        follower.dispose();
      },
    };
  }
}

function labelled({ id, frame, timestamp, truth }: Picture, crop: FaceCrop): LabelledCrop {
  return { id, frame, timestamp, truth, crop };
}
