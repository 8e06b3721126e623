import { displace } from '../../augment/displace.js';
import type { Displacement } from '../../augment/displace.js';
import { drawFrom } from '../../augment/pixel.js';
import type { Interval, PixelImage } from '../../augment/pixel.js';
import type { SeededRandom } from '../../util/seeded-random.js';

/** Share of the clips in which the mouth moves as in speech. */
const SPEAKING = 0.4;
/** Syllables per second, and frames per second. */
const SYLLABLES: Interval = [3, 6];
const RATE = 25;
/** How far the lower lip moves, as a share of the picture's side. */
const OPENING: Interval = [0.02, 0.06];
/** The middle of the mouth in an aligned crop, as shares of the side. */
const MOUTH = { x: 0.5, y: 0.775 };

/** How far the mouth opens in every frame of a clip, as a share of the picture's side; all zero for a person who does not speak. [frames] */
export function speech(frames: number, random: SeededRandom): number[] {
  if (random.next() >= SPEAKING) return new Array<number>(frames).fill(0);
  const [rate, opening, phase] = [drawFrom(SYLLABLES, random), drawFrom(OPENING, random), random.next()];
  let loudness = 1;
  return Array.from({ length: frames }, (_, t) => {
    // Syllables differ, and there are pauses.
    loudness += 0.25 * (drawFrom([0, 1.2], random) - loudness);
    return opening * loudness * 0.5 * (1 - Math.cos(2 * Math.PI * ((rate * t) / RATE + phase)));
  });
}

/** The mouth opened: what lies below its middle moves down, most at the lips. @param opening share of the picture's side */
export function openMouth(image: PixelImage, opening: number): PixelImage {
  if (opening === 0) return image;
  const { width, height } = image;
  const way: Displacement = { right: new Float32Array(width * height), down: new Float32Array(width * height) };
  for (let y = 0, i = 0; y < height; y += 1) {
    const below = (y + 0.5) / height - MOUTH.y;
    const along = below > 0 ? Math.exp(-((below / 0.16) ** 2)) : -0.3 * Math.exp(-((below / 0.06) ** 2));
    for (let x = 0; x < width; x += 1, i += 1) {
      const across = (x + 0.5) / width - MOUTH.x;
      way.down[i] = -opening * height * along * Math.exp(-((across / 0.17) ** 2));
    }
  }
  return displace(image, way);
}
