/** Microseconds an augmentation takes for a face crop, one line each: npm run bench:augment [-- size channels]. */
import {
  inSequence,
  OPERATIONS,
  pixelNoise,
  randAugment,
  randomAffine,
  randomErasing,
  randomFlip,
  randomPadCrop,
  SeededRandom,
} from '../src/train/index.js';
import type { Augmentation, PixelImage } from '../src/train/index.js';

const [size = 48, channels = 1] = process.argv.slice(2).map(Number);
const COUNT = 6000;

const random = new SeededRandom(1);
/** Smooth as faces are, with a little noise: a processor guesses branches badly in pure noise, which would cost more than it does in training. */
const crops = Array.from({ length: 100 }, (_, shade): PixelImage => {
  const data = Float32Array.from({ length: size * size * channels }, (_value, i) => {
    const [x, y] = [Math.floor(i / channels) % size, Math.floor(i / channels / size)];
    const wave = Math.sin((6 * x) / size + shade) * Math.cos((5 * y) / size);
    return Math.min(255, Math.max(0, Math.round(128 + 130 * wave + 4 * random.normal())));
  });
  return { data, height: size, width: size, channels };
});

const padCrop = randomPadCrop({ padding: 4 });
const flip = randomFlip();
const cases: Record<string, Augmentation> = {
  'nothing but the fork': (image) => image,
  'pad-crop': padCrop,
  flip: randomFlip({ probability: 1 }),
  affine: randomAffine(),
  erasing: randomErasing({ probability: 1 }),
  noise: pixelNoise({ deviation: 5 }),
  'pad-crop + flip + erasing': inSequence({ padCrop, flip, erasing: randomErasing() }),
  'RandAugment(2, 10)': randAugment(),
  'pad-crop + flip + RandAugment(2, 10)': inSequence({ padCrop, flip, strong: randAugment() }),
};
for (const [name, { apply }] of Object.entries(OPERATIONS)) cases[name] = (image) => apply(image, 1 / 3);

/** Time on the processor, so that whatever else runs on the machine counts little. */
function microseconds(augmentation: Augmentation): number {
  const start = process.cpuUsage();
  // A stream of its own for each picture, as in training; what that costs is a line of its own.
  for (let i = 0; i < COUNT; i += 1) augmentation(crops[i % crops.length]!, random.fork(String(i)));
  return process.cpuUsage(start).user / COUNT;
}

console.log(`microseconds for a picture of ${size} x ${size} x ${channels}, the best of 5 runs over ${COUNT}`);
for (const [name, augmentation] of Object.entries(cases)) {
  const best = Math.min(...Array.from({ length: 5 }, () => microseconds(augmentation)));
  console.log(`${name.padEnd(38)} ${best.toFixed(1).padStart(6)}`);
}
