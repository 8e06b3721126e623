import { DEFAULT_CROP } from '../../model/crop-geometry.js';
import type { CropSource } from '../data/crops/crop-source.js';
import type { Dataset } from '../data/sample.js';
import { locateRows, rowsOf } from '../data/faces/labelled-rows.js';
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
      .flatMap((sample) => rowsOf(sample, dataset.labels).map((row) => [row.id, row] as const)),
  );
  const pictureOf: AuditPictureOf = async (id) => {
    const row = rows.get(id);
    if (row === undefined) return null;
    const { crops, places } = await locateRows([row], prepared?.geometry ?? GEOMETRY, prepared);
    const place = places[0] ?? null;
    return place === null ? null : crops.read([place]);
  };
  return Object.assign(pictureOf, { ids: new Set(rows.keys()) });
}
