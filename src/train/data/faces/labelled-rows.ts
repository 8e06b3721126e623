import { FerError } from '../../../errors/fer-error.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import type { LabelSet } from '../../../model/label-set.js';
import { decodeImages } from '../crops/image-crops.js';
import { fitCrops } from '../crops/fit-crops.js';
import type { CropSource } from '../crops/crop-source.js';
import type { Sample } from '../sample.js';
import type { PreparedSample } from '../preprocess/read-prepared.js';
import { framesMeant } from '../preprocess/read-frames.js';

/** A face of a data set, before it is looked at: an image, or a frame of a clip. */
export interface LabelledRow {
  readonly id: string;
  /** Class index; -1 without a label. */
  readonly label: number;
  /** Shares of the classes by vote. [C] */
  readonly shares: readonly number[] | null;
  /** An image file, the index of a prepared crop, or null for a frame without a face. */
  readonly source: string | number | null;
}

/**
 * The rows of a sample: one of an image, one a frame of a clip.
 * @throws FerError CONFIG_INVALID for a video file, whose faces have to be cut out first
 */
export function rowsOf(sample: Sample, labels: LabelSet): readonly LabelledRow[] {
  const indexOf = (label: string | null | undefined): number =>
    label === null || label === undefined ? -1 : labels.indexOf(label);
  const own = indexOf(sample.label);
  const frameRow = (index: number, label: number, source: string | number | null): LabelledRow => ({
    id: `${sample.id}#${index}`,
    label,
    shares: sample.softLabel,
    source,
  });
  if (isPrepared(sample)) {
    const labelAt = (i: number): number => (sample.frameLabels === null ? own : indexOf(sample.frameLabels[i]));
    if (sample.kind === 'image')
      return [{ id: sample.id, label: own, shares: sample.softLabel, source: sample.firstCrop }];
    return sample.readFrames.map(({ index, crop }, i) => frameRow(index, labelAt(i), crop));
  }
  if (sample.kind === 'image') return [{ id: sample.id, label: own, shares: sample.softLabel, source: sample.path }];
  if (sample.frames === null) {
    throw new FerError(
      'CONFIG_INVALID',
      `${sample.path} is a video: cut its faces out first with "fer dataset prepare FORMAT:DIR --output PREPARED", then train on prepared:PREPARED`,
    );
  }
  return framesMeant(sample.frames, sample).map(({ index, path }) =>
    frameRow(index, sample.frameLabels === null ? own : indexOf(sample.frameLabels[index]), path),
  );
}

/** Where each row's crop is: its index in `crops`, or null where it has none. */
export interface LocatedRows {
  readonly crops: CropSource;
  readonly places: readonly (number | null)[];
  /** Rows whose image cannot be decoded. */
  readonly broken: number;
}

/**
 * Crops of rows: prepared ones stay where they are, and are made smaller when read where the network wants smaller ones; image files are decoded as they are.
 * @param prepared the crops of a prepared data set; null for any other
 * @throws FerError MODEL_INCOMPATIBLE when prepared crops were cut another way than the network wants them
 */
export async function locateRows(
  rows: readonly LabelledRow[],
  geometry: CropGeometry,
  prepared: CropSource | null,
  onRead: (done: number, total: number) => void = () => undefined,
): Promise<LocatedRows> {
  if (prepared !== null) {
    const crops = fitCrops(prepared, geometry);
    if (crops === null) {
      throw new FerError(
        'MODEL_INCOMPATIBLE',
        `the data are prepared as ${describe(prepared.geometry)}, the network wants ${describe(geometry)}: prepare them with "--size ${geometry.size}${geometry.channels === 1 ? '' : ' --colour'}" into another folder, or train a network for those crops`,
      );
    }
    return { crops, places: rows.map(({ source }) => source as number | null), broken: 0 };
  }
  const withFile = rows.flatMap(({ source }, row) => (typeof source === 'string' ? [{ source, row }] : []));
  const decoded = await decodeImages(
    withFile.map(({ source }) => source),
    geometry,
    (done) => {
      onRead(done, withFile.length);
    },
  );
  const places = rows.map((): number | null => null);
  let broken = 0;
  decoded.places.forEach((place, i) => {
    if (typeof place === 'number') places[withFile[i]!.row] = place;
    else broken += 1;
  });
  return { crops: decoded.crops, places, broken };
}

function isPrepared(sample: Sample): sample is PreparedSample {
  return 'readFrames' in sample;
}

function describe({ size, channels, eyes, mouth }: CropGeometry): string {
  return `${size}x${size} ${channels === 1 ? 'grey' : 'colour'} crops with eyes at (${eyes.x}, ${eyes.y}) and mouth at (${mouth.x}, ${mouth.y})`;
}
