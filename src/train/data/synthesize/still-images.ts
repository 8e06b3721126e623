import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { PixelImage } from '../../augment/pixel.js';
import { openPicture } from '../crops/image-crops.js';
import type { ImageSource } from '../crops/image-crops.js';
import { cropLength } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';
import { forEachLimited } from '../content.js';

/** Files being decoded at a time. */
const DECODING = 8;

export interface DecodedStills {
  /** By image. [size, size, channels] */
  readonly faces: ReadonlyMap<ImageSource, PixelImage>;
  /** By image: why it could not be read. */
  readonly failures: ReadonlyMap<ImageSource, string>;
}

/** Face images as they are, brought to one size and to grey (1) or colour (3 channels). */
export async function decodeStills(
  images: readonly ImageSource[],
  size: number,
  channels: 1 | 3,
): Promise<DecodedStills> {
  const faces = new Map<ImageSource, PixelImage>();
  const failures = new Map<ImageSource, string>();
  await forEachLimited([...new Set(images)], DECODING, async (image) => {
    try {
      const picture = (await openPicture(image, { failOn: 'error' }))
        .autoOrient()
        .removeAlpha()
        .toColourspace(channels === 1 ? 'b-w' : 'srgb');
      const { data, info } = await picture
        .resize(size, size, { fit: 'fill' })
        .raw({ depth: 'uchar' })
        .toBuffer({ resolveWithObject: true });
      if (info.channels !== channels) throw new Error(`decoded to ${info.channels} channels instead of ${channels}`);
      faces.set(image, { data: Float32Array.from(data), height: size, width: size, channels });
    } catch (error) {
      failures.set(image, error instanceof Error ? error.message : String(error));
    }
  });
  return { faces, failures };
}

/** Face crops that were cut before. @returns by place in `crops`; each [S, S, C] */
export async function readCrops(
  crops: CropSource,
  places: readonly number[],
): Promise<ReadonlyMap<number, PixelImage>> {
  const { size, channels } = crops.geometry;
  const wanted = [...new Set(places)];
  const pixels = await crops.read(wanted);
  const length = cropLength(crops.geometry);
  return new Map(
    wanted.map((place, i) => [
      place,
      { data: Float32Array.from(pixels.subarray(i * length, (i + 1) * length)), height: size, width: size, channels },
    ]),
  );
}

/** A PNG, grey or colour like the image; values are rounded. Without loss, and the same bytes every time. */
export async function writePng(path: string, { data, width, height, channels }: PixelImage): Promise<void> {
  const pixels = Uint8Array.from(data, Math.round);
  const picture = sharp(pixels, { raw: { width, height, channels: channels === 1 ? 1 : 3 } });
  // Without a colour space named, grey pixels would be written as colour.
  await writeFile(
    path,
    await picture
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .png({ compressionLevel: 9 })
      .toBuffer(),
  );
}
