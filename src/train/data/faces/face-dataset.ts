import { FerError } from '../../../errors/fer-error.js';
import type { CropGeometry, FaceCrop } from '../../../model/crop-geometry.js';
import { cropLength } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';
import { decodeImages } from '../crops/image-crops.js';
import type { ImageSource } from '../crops/image-crops.js';
import { FRAME_FILE_RATE, framesMeant } from '../preprocess/read-frames.js';
import type { PreparedSample } from '../preprocess/read-prepared.js';
import type { CropFlaw, PreparedFrame } from '../preprocess/sample-row.js';
import { labelAt } from '../sample.js';
import type { Sample } from '../sample.js';

/** Image files that are face crops already, decoded as they are and kept in memory. Those that cannot be decoded are noted and have no place. */
export class InMemoryFaces implements IndexedFaces {
  private constructor(
    readonly faces: readonly FaceSample[],
    readonly crops: CropSource,
    readonly places: readonly (number | null)[],
    readonly notes: FaceNotes,
  ) {}

  /**
   * @param faces each with a file, or without a face
   * @param onRead called with the number of files read so far
   * @throws FerError CONFIG_INVALID when they do not fit into 1 GiB of memory
   */
  static async decode(
    faces: readonly FaceSample[],
    geometry: CropGeometry,
    onRead: (done: number, total: number) => void = () => undefined,
  ): Promise<InMemoryFaces> {
    const files = faces.flatMap(({ source }, face) =>
      source === null || typeof source === 'number' ? [] : [{ source, face }],
    );
    const decoded = await decodeImages(
      files.map(({ source }) => source),
      geometry,
      (done) => {
        onRead(done, files.length);
      },
    );
    const places = faces.map((): number | null => null);
    const notes: FaceNotes = { wholePictures: 0, unreadable: [] };
    for (const [i, { source, face }] of files.entries()) {
      const place = decoded.places[i]!;
      if (typeof place === 'number') places[face] = place;
      else notes.unreadable.push({ path: typeof source === 'string' ? source : source.name, message: place.failed });
    }
    return new InMemoryFaces(faces, decoded.crops, places, notes);
  }

  [Symbol.asyncIterator](): AsyncGenerator<LabelledFace> {
    return withPixels(this);
  }
}

/** A face of a data set with its pixels: an image, or a frame of a clip, which may show no face. */
export interface LabelledFace {
  /** Id of the sample. Consecutive faces of the same id that have a `frame` are one clip. */
  readonly id: string;
  /** Place in the footage, from 0; null for an image. */
  readonly frame: number | null;
  /** Seconds, increasing within a clip; 0 for an image. */
  readonly timestamp: number;
  /** The label; null for a frame without one, which is only context for its neighbours. */
  readonly label: string | null;
  /** Null for a frame without a face. */
  readonly crop: FaceCrop | null;
}

/** A face of a data set before its pixels are read. */
export interface FaceSample extends Omit<LabelledFace, 'crop'> {
  /** Votes as shares of the classes, in the order of the data set's labels. [C] */
  readonly shares: readonly number[] | null;
  /** An image, the index of a prepared crop, or null for a frame without a face. */
  readonly source: ImageSource | number | null;
  /** Only of a prepared crop that shows no whole face. */
  readonly flaw?: CropFlaw;
  /** Only of a prepared picture without a detected face, whose crop is all of it. */
  readonly wholePicture?: true;
}

/** Unusable samples, and pictures used whole. Complete after the last face. */
export interface FaceNotes {
  /** Pictures used as a whole because no face was found in them. */
  wholePictures: number;
  /** Files that cannot be decoded, or not to the end. */
  readonly unreadable: { readonly path: string; readonly message: string }[];
}

/** The faces of a data set in the order of its samples: for training, evaluating, auditing and calibrating. */
export interface FaceDataset extends AsyncIterable<LabelledFace> {
  readonly notes: FaceNotes;
}

/** Faces whose crops can be read in any order: prepared ones, or image files held in memory. */
export interface IndexedFaces extends FaceDataset {
  readonly faces: readonly FaceSample[];
  readonly crops: CropSource;
  /** By face: its index in `crops`, or null without one. */
  readonly places: readonly (number | null)[];
}

/** The name of a face in run logs and audits: its sample, and of a clip the frame. */
export function faceId({ id, frame }: Pick<LabelledFace, 'id' | 'frame'>): string {
  return frame === null ? id : `${id}#${frame}`;
}

/** The same for people: "talk.mp4, 5.4 s". */
export function faceName({ id, frame, timestamp }: Pick<LabelledFace, 'id' | 'frame' | 'timestamp'>): string {
  // "#2" tells the second stretch of a recording from the first.
  return frame === null ? id : `${id.replace(/#\d+$/, '')}, ${timestamp.toFixed(1)} s`;
}

/**
 * The faces of a sample: one for an image, one for each frame of a clip.
 * @throws FerError CONFIG_INVALID for a video file, whose faces have to be cut out first
 */
export function facesOf(sample: Sample): readonly FaceSample[] {
  const { id, kind, label, softLabel: shares } = sample;
  if (kind === 'image')
    return [
      {
        ...{ id, frame: null, timestamp: 0, label, shares },
        ...(isPrepared(sample)
          ? { source: sample.firstCrop, ...flawOf(sample.readFrames[0]), ...wholeOf(sample) }
          : { source: sample.embedded ?? sample.path }),
      },
    ];
  const frameFace = (index: number, timestamp: number, source: FaceSample['source']): FaceSample => ({
    ...{ id, frame: index, timestamp, shares, source },
    label: labelAt(sample, index),
  });
  if (isPrepared(sample))
    return sample.readFrames.map((frame) => ({
      ...frameFace(frame.index, frame.timestamp, frame.crop),
      ...flawOf(frame),
    }));
  if (sample.frames === null) {
    throw new FerError(
      'CONFIG_INVALID',
      `${sample.path} is a video: cut its faces out with "fer dataset prepare FORMAT:DIR --output PREPARED", then train on prepared:PREPARED`,
    );
  }
  return framesMeant(sample.frames, sample).map(({ index, path }) => frameFace(index, index / FRAME_FILE_RATE, path));
}

function flawOf(frame: PreparedFrame | undefined): Pick<FaceSample, 'flaw'> {
  return frame?.flaw === undefined ? {} : { flaw: frame.flaw };
}

function wholeOf({ origin }: PreparedSample): Pick<FaceSample, 'wholePicture'> {
  return origin === 'whole' ? { wholePicture: true } : {};
}

function isPrepared(sample: Sample): sample is PreparedSample {
  return 'readFrames' in sample;
}

/** Crops read at a time. */
const BATCH = 64;

/** Faces with their pixels, in order. An image without a crop is left out; a frame without one is not: it has to be answered for. */
export async function* withPixels({ faces, places, crops }: IndexedFaces): AsyncGenerator<LabelledFace> {
  const { geometry } = crops;
  const length = cropLength(geometry);
  for (let from = 0; from < faces.length; from += BATCH) {
    const batch = faces.slice(from, from + BATCH);
    const pixels = await crops.read(batch.flatMap((_, i) => places[from + i] ?? [])); // [n, S, S, C]
    let next = 0;
    for (const [i, { id, frame, timestamp, label }] of batch.entries()) {
      const hasCrop = (places[from + i] ?? null) !== null;
      if (!hasCrop && frame === null) continue;
      const data = hasCrop ? Float32Array.from(pixels.subarray(next * length, (next + 1) * length)) : null;
      if (hasCrop) next += 1;
      yield { id, frame, timestamp, label, crop: data === null ? null : { geometry, data } };
    }
  }
}
