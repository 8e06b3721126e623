import type { CropGeometry } from '../../../model/crop-geometry.js';
import { decodeImages } from '../crops/image-crops.js';
import type { Sample } from '../sample.js';
import { FRAME_FILE_RATE, framesMeant } from '../preprocess/read-frames.js';
import type { CropNotes } from './crop-notes.js';
import type { LabelledCrop } from './labelled-crop.js';

/** A file that is a face crop already. */
export interface Picture extends Omit<LabelledCrop, 'crop'> {
  /** Null for a frame that has a label and no file. */
  readonly path: string | null;
}

/** The image, or all frames (of the stretch that is meant) of a clip that lies as files, those with a label and no file included. */
export function picturesOf(sample: Sample): Picture[] {
  const { id, kind, path, frames, label, frameLabels } = sample;
  if (kind === 'image') return [{ path, id, frame: null, timestamp: 0, truth: label }];
  return framesMeant(frames ?? [], sample).map(({ index, path: file }) => ({
    path: file,
    id,
    frame: index,
    timestamp: index / FRAME_FILE_RATE,
    truth: frameLabels === null ? label : (frameLabels[index] ?? null),
  }));
}

/** The pictures as crops, decoded together. What cannot be decoded is noted, and is, in a clip, a frame without a face. */
export async function* wholePictures(
  pictures: readonly Picture[],
  geometry: CropGeometry,
  notes: CropNotes,
): AsyncGenerator<LabelledCrop, void, undefined> {
  const { crops, places } = await decodeImages(
    pictures.flatMap(({ path }) => path ?? []),
    geometry,
  );
  let next = 0;
  for (const { path, ...picture } of pictures) {
    const place = path === null ? null : places[next++]!;
    if (typeof place === 'number') {
      yield { ...picture, crop: { geometry, data: Float32Array.from(await crops.read([place])) } };
      continue;
    }
    if (path !== null && place !== null) notes.unreadable.push({ path, message: place.failed });
    if (picture.frame !== null) yield { ...picture, crop: null };
  }
}
