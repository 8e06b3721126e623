import sharp from 'sharp';
import { FerError } from '../../errors/fer-error.js';
import type { Frame } from '../../ingest/frame.js';
import { toRgb } from '../../ingest/frame.js';
import { DEFAULT_CROP } from '../../model/crop-geometry.js';
import type { CropSource } from '../data/crops/crop-source.js';
import { faceId, faceName, facesOf } from '../data/faces/face-dataset.js';
import type { FaceSample } from '../data/faces/face-dataset.js';
import { indexFaces } from '../data/faces/open-faces.js';
import { readFrames } from '../data/preprocess/read-frames.js';
import type { Dataset, Sample } from '../data/sample.js';
import type { AuditPictures } from './audit-page.js';

/** Whole pictures are shown this large. */
const SIDE = 96;
const GEOMETRY = { ...DEFAULT_CROP, size: SIDE, channels: 3 } as const;

/** Pictures of a data set's rows, and the ids that it knows without decoding videos. */
export interface RowPictures extends AuditPictures {
  readonly ids: ReadonlySet<string>;
}

/**
 * Pictures of a data set's rows by their ids: prepared crops as they are, image files and frames of videos whole. Rows without a face and files that cannot be
 * read have none.
 * @param prepared the crops of a prepared data set; null for any other
 */
export function rowPictures(dataset: Dataset, prepared: CropSource | null): RowPictures {
  const isVideo = ({ kind, frames }: Sample): boolean => prepared === null && kind === 'clip' && frames === null;
  const faces = new Map<string, FaceSample>(
    dataset.samples
      .filter((sample) => !isVideo(sample))
      .flatMap((sample) => facesOf(sample).map((face) => [faceId(face), face])),
  );
  const videos = new Map(dataset.samples.filter(isVideo).map((sample) => [sample.id, sample]));
  const times = new Map<string, number>();
  return {
    ids: new Set(faces.keys()),
    nameOf: (id) => {
      const face = faces.get(id);
      if (face !== undefined) return faceName(face);
      const timestamp = times.get(id);
      return timestamp === undefined ? id : faceName({ id: sampleOf(id), frame: 0, timestamp });
    },
    load: async (ids) => {
      const known = ids.flatMap((id) => faces.get(id) ?? []);
      const { crops, places } = await indexFaces(known, prepared?.geometry ?? GEOMETRY, prepared);
      const pictures = new Map<string, Uint8Array>();
      for (const [i, face] of known.entries()) {
        const place = places[i] ?? null;
        if (place !== null) pictures.set(faceId(face), await crops.read([place]));
      }
      // Each video is decoded once for all its frames.
      for (const [id, video] of videos) {
        const wanted = new Set(ids.filter((row) => sampleOf(row) === id));
        if (wanted.size > 0) await loadFrames(video, wanted, pictures, times);
      }
      return pictures;
    },
  };
}

/** "talk.mp4#2#27" is a frame of "talk.mp4#2". */
function sampleOf(id: string): string {
  return id.replace(/#\d+$/, '');
}

async function loadFrames(
  video: Sample,
  wanted: Set<string>,
  pictures: Map<string, Uint8Array>,
  times: Map<string, number>,
): Promise<void> {
  try {
    for await (const { index, timestamp, picture } of readFrames(video, { framesPerSecond: null })) {
      const id = `${video.id}#${index}`;
      if (!wanted.delete(id)) continue;
      times.set(id, timestamp);
      if (picture !== null) pictures.set(id, await thumbnail(picture));
      if (wanted.size === 0) return;
    }
  } catch (error) {
    // A page without this picture is better than none.
    if (!FerError.from(error).code.startsWith('INPUT_')) throw error;
  }
}

/** [S, S, 3] */
async function thumbnail(frame: Frame): Promise<Uint8Array> {
  const { width, height } = frame;
  return sharp(toRgb(frame), { raw: { width, height, channels: 3 } })
    .resize(SIDE, SIDE, { fit: 'contain' })
    .raw()
    .toBuffer();
}
