/**
 * Where eyes and mouth are in the pictures of a data set of face crops, as shares of their sides: what DEFAULT_CROP was chosen by.
 *
 *   npx tsx bench/crop-geometry.ts ferplus:/data/ferplus 600
 */
import { openImages } from '../src/ingest/sources/image-source.js';
import { loadFaceNets } from '../src/ingest/face/face-nets.js';
import { facePoints } from '../src/ingest/face/align/geometry.js';
import { openBackend } from '../src/model/engines/open-backend.js';
import { openDataset } from '../src/train/data/formats/registry.js';
import { findLargest } from '../src/train/data/preprocess/crop-image.js';
import { SeededRandom } from '../src/train/util/seeded-random.js';

const [location = '', count = '600'] = process.argv.slice(2);
const { samples } = await openDataset(location);
const drawn = new SeededRandom(1).shuffle(samples.filter(({ kind }) => kind === 'image')).slice(0, Number(count));
console.log((await openBackend()).description);
const nets = await loadFaceNets();

const columns: Record<string, number[]> = {
  'eyes x': [],
  'eyes y': [],
  'mouth x': [],
  'mouth y': [],
  'between the eyes': [],
};
const began = performance.now();
for (const { path } of drawn) {
  for await (const picture of (await openImages(path)).frames()) {
    const face = await findLargest(picture, nets);
    if (face === null) continue;
    const { left, right, mouth } = facePoints(face.landmarks);
    const { width, height } = picture;
    columns['eyes x']!.push((left.x + right.x) / 2 / width);
    columns['eyes y']!.push((left.y + right.y) / 2 / height);
    columns['mouth x']!.push(mouth.x / width);
    columns['mouth y']!.push(mouth.y / height);
    columns['between the eyes']!.push(Math.hypot(right.x - left.x, right.y - left.y) / width);
  }
}
const seconds = (performance.now() - began) / 1000;
const found = columns['eyes x']!.length;
console.log(
  `${found} faces in ${drawn.length} images (${((100 * found) / drawn.length).toFixed(1)} %), ${(drawn.length / seconds).toFixed(1)} images/s, ${(process.cpuUsage().user / 1e6).toFixed(1)} s of processor time`,
);
for (const [name, values] of Object.entries(columns)) {
  const mean = values.reduce((sum, value) => sum + value, 0) / found;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / found);
  const median = [...values].sort((a, b) => a - b)[Math.floor(found / 2)] ?? NaN;
  console.log(
    `${name.padEnd(16)}  mean ${mean.toFixed(4)}  deviation ${deviation.toFixed(4)}  median ${median.toFixed(4)}`,
  );
}
nets.dispose();
