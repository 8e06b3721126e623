import { ERASED_AREA } from '../config/train-config.js';
import type { SeededRandom } from '../util/seeded-random.js';
import type { Augmentation, PixelImage, Interval } from './pixel.js';
import { checkRange, checkInterval, drawFrom } from './pixel.js';

export interface RandomErasingOptions {
  /** How often a picture is touched. Default 0.5. */
  readonly probability?: number;
  /** Least and largest share of the picture that is erased. Default 0.02 to 0.3. */
  readonly area?: Interval;
  /** Least and largest height over width. Default 0.3 to 3.3. */
  readonly aspect?: Interval;
}

/** In pixels. */
interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A rectangle that does not fit is drawn again so often; then the picture stays unchanged. */
const TRIES = 10;

/**
 * Puts random values in place of a random rectangle, so that no single part of a face decides: Zhong et al., "Random erasing data augmentation", AAAI 2020,
 * algorithm 1, with its variant of random values.
 * @throws FerError CONFIG_INVALID for a setting out of range
 */
export function randomErasing({
  probability = 0.5,
  area = ERASED_AREA,
  aspect = [0.3, 3.3],
}: RandomErasingOptions = {}): Augmentation {
  checkRange('erasing probability', probability, 0, 1);
  checkInterval('erased area', area, 0, 1);
  checkInterval('aspect of the erased area', aspect, 0.01, 100);
  return (image, random) => {
    if (random.next() >= probability) return image;
    const rectangle = drawRectangle(image, area, aspect, random);
    return rectangle === null ? image : erase(image, rectangle, random);
  };
}

function drawRectangle(
  { width, height }: PixelImage,
  area: Interval,
  aspect: Interval,
  random: SeededRandom,
): Rectangle | null {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const pixels = width * height * drawFrom(area, random);
    const ratio = drawFrom(aspect, random);
    // Rounded down, so that the largest share is kept.
    const erased = { width: Math.floor(Math.sqrt(pixels / ratio)), height: Math.floor(Math.sqrt(pixels * ratio)) };
    if (erased.width < 1 || erased.height < 1 || erased.width > width || erased.height > height) continue;
    return { ...erased, x: random.int(width - erased.width + 1), y: random.int(height - erased.height + 1) };
  }
  return null;
}

function erase(image: PixelImage, { x, y, width, height }: Rectangle, random: SeededRandom): PixelImage {
  const data = image.data.slice();
  for (let row = y; row < y + height; row += 1) {
    const from = (row * image.width + x) * image.channels;
    for (let i = from; i < from + width * image.channels; i += 1) data[i] = 255 * random.next();
  }
  return { ...image, data };
}
