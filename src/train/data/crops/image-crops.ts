import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { Sharp, SharpOptions } from 'sharp';
import type { EmbeddedImage } from '../sample.js';
import { FerError } from '../../../errors/fer-error.js';
import { luma601 } from '../../../ingest/frame.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { forEachLimited } from '../content.js';
import { cropLength } from './crop-source.js';
import type { CropSource } from './crop-source.js';

/** An image file by its path, or an image that is in an index. */
export type ImageSource = string | EmbeddedImage;

/** Images that cannot be decoded are left out, not guessed. */
export interface DecodedImages {
  readonly crops: CropSource;
  /** By image: its index in `crops`, or the reason why it has none. */
  readonly places: readonly (number | { readonly failed: string })[];
}

/** Files being decoded at a time. */
const DECODING = 8;

/** Memory limit in bytes; beyond it use `fer dataset prepare`, which keeps crops on disk. */
const MOST_BYTES = 2 ** 30;

/**
 * Decodes images that are face crops already, as they are: the whole picture, brought to the geometry's size and to grey or colour. All of them
 * are kept in memory.
 * @param onDecoded called with the number of images done so far
 * @throws FerError CONFIG_INVALID when they would not fit into 1 GiB
 */
export async function decodeImages(
  images: readonly ImageSource[],
  geometry: CropGeometry,
  onDecoded: (count: number) => void = () => undefined,
): Promise<DecodedImages> {
  const length = cropLength(geometry);
  if (images.length * length > MOST_BYTES) {
    throw new FerError(
      'CONFIG_INVALID',
      `${images.length} images of ${geometry.size}x${geometry.size}x${geometry.channels} do not fit into 1 GiB of memory: run "fer dataset prepare" and use prepared:DIR`,
    );
  }
  const data = new Uint8Array(images.length * length);
  const failures = new Map<number, string>();
  let done = 0;
  await forEachLimited([...images.keys()], DECODING, async (i) => {
    try {
      data.set(await decodeImage(images[i]!, geometry), i * length);
    } catch (error) {
      failures.set(i, error instanceof Error ? error.message : String(error));
    }
    done += 1;
    onDecoded(done);
  });
  return {
    crops: new MemoryCrops(geometry, data),
    places: images.map((_, i) => (failures.has(i) ? { failed: failures.get(i)! } : i)),
  };
}

/** Crops in one block of memory [N, S, S, C]. */
export class MemoryCrops implements CropSource {
  private readonly length: number;

  constructor(
    readonly geometry: CropGeometry,
    private readonly data: Uint8Array,
  ) {
    this.length = cropLength(geometry);
  }

  get count(): number {
    return this.data.length / this.length;
  }

  read(indices: readonly number[]): Promise<Uint8Array> {
    const crops = new Uint8Array(indices.length * this.length);
    indices.forEach((index, i) => {
      crops.set(this.data.subarray(index * this.length, (index + 1) * this.length), i * this.length);
    });
    return Promise.resolve(crops);
  }
}

async function decodeImage(image: ImageSource, { size, channels }: CropGeometry): Promise<Uint8Array> {
  // Upright as EXIF says, as in face detection. Grey is made here: libvips'
  // "b-w" is the luminance of linear light, and a model is given luma when it annotates.
  const rgb = await (
    await openPicture(image)
  )
    .autoOrient()
    .removeAlpha()
    .toColourspace('srgb')
    .resize(size, size, { fit: 'fill' })
    .raw()
    .toBuffer();
  return channels === 3 ? rgb : grey(rgb);
}

/** An image for sharp, whole, transparency on black as in footage of pictures; a file is read here, as libvips would cache it by its name. */
export async function openPicture(image: ImageSource, options: SharpOptions = {}): Promise<Sharp> {
  if (typeof image === 'string') return sharp(await readFile(image), options).flatten({ background: '#000' });
  const { grey: data, width, height } = image;
  return sharp(data, { ...options, raw: { width, height, channels: 1 } });
}

/** Rec. 601 luma, rounded to bytes: grey as `CropGeometry` means it and annotating cuts it. [..., 3] -> [..., 1] */
export function grey(rgb: Uint8Array): Uint8Array {
  const values = Uint8ClampedArray.from({ length: rgb.length / 3 }, (_, i) =>
    luma601(rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!),
  ); // rounds
  return new Uint8Array(values.buffer);
}
