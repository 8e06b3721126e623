import type { CropGeometry } from '../../../model/crop-geometry.js';
import type { CropSource } from '../crops/crop-source.js';
import { decodeImages } from '../crops/image-crops.js';
import { withPixels } from './face-dataset.js';
import type { FaceNotes, FaceSample, IndexedFaces, LabelledFace } from './face-dataset.js';

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
