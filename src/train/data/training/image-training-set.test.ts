import { describe, expect, it } from 'vitest';
import { stripedPictures } from '../../../../test/support/striped-pictures.js';
import { tinyEvaluationSet, tinyTrainingSet } from '../../../../test/support/tiny-training.js';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { flip } from '../../augment/pixel.js';
import { MemoryCrops } from '../crops/image-crops.js';
import { SeededRandom } from '../../util/seeded-random.js';
import { ImageTrainingSet } from './image-training-set.js';

const SIZE = 16;
const LENGTH = SIZE * SIZE;
const random = (): SeededRandom => new SeededRandom(1).fork('epoch 0');
const part = (values: Float32Array, i: number): Float32Array => values.slice(i * LENGTH, (i + 1) * LENGTH);

describe('drawn images', () => {
  it('do not depend on which others are drawn with them', async () => {
    const set = tinyTrainingSet(9);
    const together = await set.sampleBatch([4, 0, 7], 'strong', random());
    for (const [place, index] of [4, 0, 7].entries()) {
      const alone = await set.sampleBatch([index], 'strong', random());
      expect(alone.first).toEqual(part(together.first, place));
      expect(alone.second).toEqual(part(together.second!, place));
      expect([...alone.rows, ...alone.labels]).toEqual([index, index % 3]);
    }
    const next = await set.sampleBatch([4, 0, 7], 'strong', new SeededRandom(1).fork('epoch 1'));
    expect(next.first).not.toEqual(together.first);
  });

  it('are augmented differently each time an epoch draws them; repeats do not change the first', async () => {
    const set = tinyTrainingSet(9);
    const batch = await set.sampleBatch([4, 4, 4], 'strong', random(), [0, 1, 2]);
    const alone = await set.sampleBatch([4], 'strong', random());
    expect(part(batch.first, 0)).toEqual(alone.first);
    for (const view of [batch.first, batch.second!]) {
      const looks = [0, 1, 2].map((i) => part(view, i).join());
      expect(new Set(looks).size).toBe(3);
    }
  });

  it('look the same for any second view', async () => {
    const set = tinyTrainingSet(6);
    const [none, mirrored, strong] = await Promise.all(
      (['none', 'mirrored', 'strong'] as const).map((view) => set.sampleBatch([1, 2, 3], view, random())),
    );
    expect(none!.second).toBeNull();
    expect(mirrored!.first).toEqual(none!.first);
    expect(strong!.first).toEqual(none!.first);
    expect(strong!.second).not.toEqual(strong!.first);
  });

  it('are mirrored after augmentation', async () => {
    const batch = await tinyTrainingSet(6).sampleBatch([5, 1], 'mirrored', random());
    expect(batch.shape).toEqual([2, SIZE, SIZE, 1]);
    for (const i of [0, 1]) {
      const seen = { data: part(batch.first, i), height: SIZE, width: SIZE, channels: 1 } as const;
      expect(part(batch.second!, i)).toEqual(flip(seen).data);
    }
  });

  it('come with votes where they have them, with the label for the whole where not', async () => {
    const same = (image: Parameters<typeof flip>[0]): typeof image => image;
    const samples = [[0.5, 0.5, 0], [0, 0.25, 0.75], null].map((shares, crop) => ({
      id: `${crop}`,
      crop,
      label: crop,
      shares,
    }));
    const crops = new MemoryCrops({ ...DEFAULT_CROP, size: SIZE, channels: 1 }, stripedPictures(3, SIZE));
    const set = (softLabels: boolean): ImageTrainingSet =>
      new ImageTrainingSet(crops, samples, { weak: same, strong: same, softLabels, classCount: 3 });
    const labels = async (softLabels: boolean, indices: readonly number[]): Promise<unknown[]> => {
      const batch = await set(softLabels).sampleBatch(indices, 'none', random());
      return [batch.isSoft, [...batch.labels]];
    };
    expect(await labels(true, [1, 0])).toEqual([true, [0, 0.25, 0.75, 0.5, 0.5, 0]]);
    expect(await labels(true, [1, 2])).toEqual([true, [0, 0.25, 0.75, 0, 0, 1]]);
    expect(await labels(false, [1, 0])).toEqual([false, [1, 0]]);
  });

  it('come with the features of teachers, mixed as the pictures are', async () => {
    const same = (image: Parameters<typeof flip>[0]): typeof image => image;
    const samples = [0, 1, 0].map((label, crop) => ({
      ...{ id: `${crop}`, crop, label, shares: null },
      teacherFeatures: Float32Array.of(label, 10 * crop),
    }));
    const crops = new MemoryCrops({ ...DEFAULT_CROP, size: SIZE, channels: 1 }, stripedPictures(3, SIZE));
    const drawn = async (probability: number): Promise<number[]> => {
      const options = { weak: same, strong: same, softLabels: false, classCount: 2 };
      const slight = { probability, least: 0.4, neutral: 0 };
      const set = new ImageTrainingSet(crops, samples, { ...options, slight });
      return [...(await set.sampleBatch([1, 2], 'none', random())).teacherFeatures!];
    };
    expect(await drawn(0)).toEqual([1, 10, 0, 20]);
    const [share, place, ...neutral] = await drawn(1);
    expect(neutral).toEqual([0, 20]);
    expect(share).toBeGreaterThan(0.4 - 1e-6);
    expect(share).toBeLessThan(0.85);
    const rest = share! * 10 - place! < 0 ? 20 : 0; // which of the two neutral faces
    expect(place).toBeCloseTo(share! * 10 + (1 - share!) * rest, 4);
    expect(await tinyTrainingSet(6).sampleBatch([0], 'none', random())).not.toHaveProperty('teacherFeatures');
  });
});

describe('images to judge by', () => {
  it('go through the network without augmentation, in batches, and come back in order', async () => {
    const set = tinyEvaluationSet(300);
    const sizes: number[] = [];
    const rows = await set.logits((values, shape) => {
      sizes.push(shape[0]!);
      // Its first pixel, to know a picture by.
      return Promise.resolve(
        Float32Array.from({ length: 2 * shape[0]! }, (_, i) => (i % 2 === 0 ? values[(i / 2) * LENGTH]! : -1)),
      );
    });
    const pictures = stripedPictures(300, SIZE, 2);
    expect(rows.map(([pixel]) => pixel)).toEqual(Array.from({ length: 300 }, (_, i) => pictures[i * LENGTH]));
    expect(sizes.reduce((a, b) => a + b)).toBe(300);
    expect(Math.max(...sizes)).toBeLessThan(300);
    expect(set.labels).toHaveLength(300);
  });
});
