import type { CropGeometry } from '../../model/crop-geometry.js';
import { cropLength, decodeImages } from '../crops/index.js';
import type { Sample } from '../datasets/index.js';
import { FRAME_FILE_RATE, framesMeant } from '../prepare/read-frames.js';
import type { CropNotes } from './crop-notes.js';
import type { LabelledCrop } from './labelled-crop.js';

/** A file that is a face crop already. */
export interface Picture extends Omit<LabelledCrop, 'crop'> {
  readonly path: string;
}

/** The image, or all frames (of the stretch that is meant) of a clip that lies as files. */
export function picturesOf(sample: Sample): Picture[] {
  const { id, kind, path, frames, label, frameLabels } = sample;
  if (kind === 'image') return [{ path, id, frame: null, timestamp: 0, truth: label }];
  return framesMeant(frames ?? [], sample).map((frame) => ({
    path: frame.path,
    id,
    frame: frame.index,
    timestamp: frame.index / FRAME_FILE_RATE,
    truth: frameLabels === null ? label : (frameLabels[frame.index] ?? null),
  }));
}

/** The pictures as crops, decoded together. What cannot be decoded is noted. */
export async function* wholePictures(pictures: readonly Picture[], geometry: CropGeometry, notes: CropNotes): AsyncGenerator<LabelledCrop, void, undefined> {
  const { crops, places } = await decodeImages(pictures.map(({ path }) => path), geometry);
  const all = await crops.read([...pictures.keys()]);
  const length = cropLength(geometry);
  for (const [i, { path, ...picture }] of pictures.entries()) {
    const place = places[i]!;
    if (typeof place === 'number') yield { ...picture, crop: { geometry, data: Float32Array.from(all.subarray(place * length, (place + 1) * length)) } };
    else notes.unreadable.push({ path, message: place.failed });
  }
}
