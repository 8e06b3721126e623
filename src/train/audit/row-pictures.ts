import { DEFAULT_CROP } from '../../model/crop-geometry.js';
import type { CropSource } from '../data/crops/crop-source.js';
import type { Dataset } from '../data/sample.js';
import { faceId, facesOf } from '../data/faces/face-dataset.js';
import { indexFaces } from '../data/faces/open-faces.js';
import type { AuditPictureOf } from './audit-page.js';

/** Whole pictures are shown this large. */
const GEOMETRY = { ...DEFAULT_CROP, size: 96, channels: 3 } as const;

/**
 * Pictures of a data set's rows by their ids: prepared crops as they are, image files whole. Frames of videos, rows without a face and files that
 * cannot be read have none.
 * @param prepared the crops of a prepared data set; null for any other
 */
export function rowPictures(
  dataset: Dataset,
  prepared: CropSource | null,
): AuditPictureOf & { readonly ids: ReadonlySet<string> } {
  const isVideo = ({ kind, frames }: Dataset['samples'][number]): boolean =>
    prepared === null && kind === 'clip' && frames === null;
  const rows = new Map(
    dataset.samples
      .filter((sample) => !isVideo(sample))
      .flatMap((sample) => facesOf(sample).map((face) => [faceId(face), face] as const)),
  );
  const pictureOf: AuditPictureOf = async (id) => {
    const row = rows.get(id);
    if (row === undefined) return null;
    const { crops, places } = await indexFaces([row], prepared?.geometry ?? GEOMETRY, prepared);
    const place = places[0] ?? null;
    return place === null ? null : crops.read([place]);
  };
  return Object.assign(pictureOf, { ids: new Set(rows.keys()) });
}
