import fc from 'fast-check';
import { tf } from '../../../model/tfjs.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { stripedPictures } from '../../../../test/support/striped-pictures.js';
import { openBackend } from '../../../model/engines/open-backend.js';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { temporalEncoder } from '../../../model/networks/temporal-encoder.js';
import { MemoryCrops } from '../crops/image-crops.js';
import { SeededRandom } from '../../util/seeded-random.js';
import type { ClipFeatures } from './clip-features.js';
import { ClipEvaluationSet, ClipTrainingSet } from './clip-training-set.js';
import type { ClipTrainingOptions, LabelledClip } from './clip-training-set.js';
import { predictWith } from '../../trainer/gradients.js';

/** Tells which crop was asked for, and which way round. [n, 2] */
const ASKED: ClipFeatures = {
  dimensions: 2,
  of: (crops, mirrored) => Promise.resolve(Float32Array.from(crops.flatMap((crop) => [crop, mirrored ? 1 : 0]))),
};

/** A clip whose crops are counted from `first`, none where the label stands in `faceless`. */
function clip(name: string, first: number, labels: readonly number[], faceless: readonly number[] = []): LabelledClip {
  return {
    rowIds: labels.map((_, i) => `${name}#${i}`),
    labels,
    crops: labels.map((_, i) => (faceless.includes(i) ? null : first + i)),
  };
}

const LONG = clip(
  'long',
  1000,
  Array.from({ length: 40 }, (_, i) => i % 3),
);
const SHORT = clip('short', 100, [2, -1, 1]);
const HIDDEN = clip('hidden', 0, [0, 1, 2, 0, 1, 2], [0, 1, 3, 4]); // faces in frames 2 and 5
const NOBODY = clip('nobody', 500, [0, 1, 2], [0, 1, 2]);
const ALL = [LONG, NOBODY, SHORT, HIDDEN];

const OPTIONS: ClipTrainingOptions = {
  frames: 8,
  temporalScale: [0.6, 1.4],
  skipping: [0.2, 0.4],
  flip: 0.5,
  pixels: null,
};
const trainingSet = (options: Partial<ClipTrainingOptions> = {}): ClipTrainingSet =>
  new ClipTrainingSet(ALL, ASKED, { ...OPTIONS, ...options });
const random = (seed = 1): SeededRandom => new SeededRandom(seed);
const crops = (view: Float32Array): number[] => [...view].filter((_, i) => i % 2 === 0);
const mirrors = (view: Float32Array): number[] => [...view].filter((_, i) => i % 2 === 1);

describe('clips to train on', () => {
  it('know how often each class is drawn, which is what the epochs show, whatever the length of clips', async () => {
    const uneven = [
      clip('long', 0, Array<number>(90).fill(0)),
      clip('mixed', 100, [1, 1, 1, 2]),
      clip('other', 200, [1, 1]),
      clip('unlabelled', 300, [-1, -1, -1]),
    ];
    const set = new ClipTrainingSet(uneven, ASKED, { ...OPTIONS, temporalScale: null, skipping: null });
    expect(set.drawn('shuffle', 3).map((share) => share.toFixed(6))).toEqual(['1.000000', '1.750000', '0.250000']);
    const balanced = set.drawn('class-balanced', 3); // by first labels: one clip of class 0, two of class 1
    expect(balanced[1]! / balanced[0]!).toBeCloseTo(0.875);
    const seen = [0, 0, 0];
    for (let epoch = 0; epoch < 200; epoch += 1) {
      const { labels } = await set.sampleBatch([0, 1, 2, 3], 'none', random(epoch));
      for (const label of labels) if (label >= 0) seen[label]! += 1;
    }
    expect(seen[1]! / seen[0]!).toBeCloseTo(1.75, 1);
    expect(seen[2]! / seen[0]!).toBeCloseTo(0.25, 1);
  });

  it('are those that show a face, and the others are counted', () => {
    const set = trainingSet();
    expect(set.count).toBe(3);
    expect(set.withoutFace).toBe(1);
    expect(set.rowIds).toHaveLength(40 + 3 + 6);
    expect(set.rowIds.some((id) => id.startsWith('nobody'))).toBe(false);
    expect([...set.rowLabels]).toEqual([...LONG.labels, ...SHORT.labels, ...HIDDEN.labels]);
  });

  it('count for the sampler as their first label, of the frames that are trained with', () => {
    // The first frame of "hidden" is seen as its third.
    expect(trainingSet().classes).toEqual([0, 2, 2]);
    expect(
      new ClipTrainingSet([clip('late', 0, [-1, -1, 1, 0]), clip('none', 10, [-1, -1])], ASKED, OPTIONS).classes,
    ).toEqual([1, -1]);
    // Labels of frames nobody sees: the clip has none.
    expect(new ClipTrainingSet([clip('unseen', 0, [1, -1], [0])], ASKED, OPTIONS).classes).toEqual([-1]);
  });

  it('are cut differently each time an epoch draws them; repeats do not change the first', async () => {
    const set = trainingSet();
    const { rows } = await set.sampleBatch([0, 0, 0], 'none', random(), [0, 1, 2]);
    expect([...rows.slice(0, 8)]).toEqual([...(await set.sampleBatch([0], 'none', random())).rows]);
    expect(new Set([0, 1, 2].map((i) => rows.slice(8 * i, 8 * i + 8).join())).size).toBe(3);
  });

  it('are drawn as B clips of T frames, whether they are long or short, and each row is the frame seen', async () => {
    const set = trainingSet();
    for (let seed = 0; seed < 20; seed += 1) {
      const batch = await set.sampleBatch([2, 0, 1], 'mirrored', random(seed));
      expect(batch).toMatchObject({ shape: [3, 8, 2], isSoft: false });
      expect([batch.first.length, batch.second!.length, batch.labels.length, batch.rows.length]).toEqual([
        48, 48, 24, 24,
      ]);
      const seen = crops(batch.first);
      for (const [i, row] of batch.rows.entries()) {
        expect(batch.labels[i]).toBe(set.rowLabels[row]);
        const [name, frame] = set.rowIds[row]!.split('#');
        expect(name).toBe(['hidden', 'long', 'short'][Math.floor(i / 8)]);
        expect(seen[i]).toBe({ hidden: 0, long: 1000, short: 100 }[name!]! + Number(frame));
      }
    }
  });

  it('show the nearest face, with its label, where a frame has none', async () => {
    const batch = await trainingSet({ frames: 6, temporalScale: null, skipping: null, flip: 0 }).sampleBatch(
      [2],
      'none',
      random(),
    );
    expect(crops(batch.first)).toEqual([2, 2, 2, 2, 5, 5]);
    expect([...batch.labels]).toEqual([2, 2, 2, 2, 2, 2]);
    expect([...batch.rows]).toEqual([2, 2, 2, 2, 5, 5].map((frame) => 40 + 3 + frame));
  });

  it('are the other way round in the second view, all frames alike', async () => {
    for (const [flip, first] of [
      [0, 0],
      [1, 1],
    ] as const) {
      const batch = await trainingSet({ flip }).sampleBatch([0, 1], 'mirrored', random());
      expect(new Set(mirrors(batch.first))).toEqual(new Set([first]));
      expect(new Set(mirrors(batch.second!))).toEqual(new Set([1 - first]));
      expect(crops(batch.second!)).toEqual(crops(batch.first));
    }
    const flips = await Promise.all(
      Array.from({ length: 60 }, async (_, seed) =>
        mirrors((await trainingSet().sampleBatch([0], 'none', random(seed))).first),
      ),
    );
    expect(flips.every((flip) => new Set(flip).size === 1)).toBe(true);
    const share = flips.filter(([flip]) => flip === 1).length / flips.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.26); // four standard deviations
  });

  it('depend on the seed only, not on other draws', async () => {
    const set = trainingSet();
    const together = await set.sampleBatch([0, 1, 2], 'mirrored', random());
    expect(await set.sampleBatch([0, 1, 2], 'mirrored', random())).toEqual(together);
    const plain = await set.sampleBatch([0, 1, 2], 'none', random());
    expect(plain).toEqual({ ...together, second: null });
    for (const index of [0, 1, 2]) {
      const alone = await set.sampleBatch([index], 'mirrored', random());
      expect(alone.first).toEqual(together.first.slice(index * 16, (index + 1) * 16));
      expect(alone.rows).toEqual(together.rows.slice(index * 8, (index + 1) * 8));
    }
    expect((await set.sampleBatch([0, 1, 2], 'mirrored', random(2))).rows).not.toEqual(together.rows);
  });
});

describe('clips whose pixels are changed', () => {
  const SIZE = 12;
  const AREA = SIZE * SIZE;
  const GEOMETRY = { ...DEFAULT_CROP, size: SIZE, channels: 1 } as const;
  const picture = stripedPictures(1, SIZE);
  /** Three crops that are the same picture, and another one. */
  const source = new MemoryCrops(
    GEOMETRY,
    Uint8Array.from([...picture, ...picture, ...picture, ...stripedPictures(2, SIZE).subarray(AREA)]),
  );

  it('show reports the face that stands for a frame, under the name that people read', async () => {
    const named = { ...clip('talk', 0, [0, 1, 2, 0], [1]), names: ['0.0 s', '0.1 s', '0.2 s', '0.3 s'] };
    const set = new ClipTrainingSet([clip('other', 3, [1]), named], ASKED, { ...OPTIONS, crops: source });
    expect(set.rowNames).toEqual(['other#0', '0.0 s', '0.1 s', '0.2 s', '0.3 s']);
    const shown = await Promise.all([0, 1, 2].map((row) => set.picture(row)));
    // Frame 1 of the second clip has no face: its neighbour stands for it.
    expect(shown[0]).toEqual(await source.read([3]));
    for (const face of shown.slice(1)) expect(face).toEqual(Uint8Array.from(picture));
    expect(await new ClipTrainingSet([named], ASKED, OPTIONS).picture(0)).toBeNull();
  });

  it('are encoded again, changed alike in all frames, and mirrored as they were changed', async () => {
    const calls: { pixels: Float32Array; mirrored: boolean }[] = [];
    const encoder = {
      encode: (pixels: Float32Array, geometry: unknown, mirrored: boolean): Promise<Float32Array> => {
        expect(geometry).toEqual(GEOMETRY);
        calls.push({ pixels: pixels.slice(), mirrored });
        return Promise.resolve(
          Float32Array.from({ length: (pixels.length / AREA) * 2 }, (_, i) => (mirrored ? -1 - i : i)),
        );
      },
    };
    const clips = [clip('still', 0, [0, 1, 2]), clip('other', 3, [1])];
    const set = new ClipTrainingSet(clips, ASKED, { ...OPTIONS, frames: 5, pixels: { crops: source, encoder } });
    const batch = await set.sampleBatch([0, 1], 'mirrored', random());
    expect(batch.shape).toEqual([2, 5, 2]);
    expect([...batch.first]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...batch.second!]).toEqual([...batch.first].map((value) => -1 - value));
    expect(calls.map(({ mirrored }) => mirrored)).toEqual([false, false, true, true]);
    expect(calls[2]!.pixels).toEqual(calls[0]!.pixels);
    expect(calls[3]!.pixels).toEqual(calls[1]!.pixels);
    for (const [call, original] of [
      [0, picture],
      [1, stripedPictures(2, SIZE).subarray(AREA)],
    ] as const) {
      const frames = Array.from({ length: 5 }, (_, i) => calls[call]!.pixels.slice(i * AREA, (i + 1) * AREA));
      for (const frame of frames) expect(frame).toEqual(frames[0]);
      expect([...frames[0]!]).not.toEqual([...original]);
    }
    const changed = calls[0]!.pixels;
    calls.length = 0;
    await set.sampleBatch([0], 'none', random());
    expect(calls).toEqual([{ pixels: changed, mirrored: false }]);
    await set.sampleBatch([0], 'none', random(2));
    expect(calls[1]!.pixels).not.toEqual(changed);
  });
});

describe('clips to judge by', () => {
  beforeAll(() => openBackend());

  /** Answers with what it sees. */
  async function answers(
    clips: readonly LabelledClip[],
  ): Promise<{ set: ClipEvaluationSet; seen: number[]; lengths: number[] }> {
    const set = new ClipEvaluationSet(clips, ASKED);
    const lengths: number[] = [];
    const rows = await set.logits((values, shape) => {
      expect(shape).toEqual([1, values.length / 2, 2]);
      lengths.push(shape[1]!);
      return Promise.resolve(values);
    });
    expect(rows.every((row) => row.length === 2 && row[1] === 0)).toBe(true);
    return { set, seen: rows.map((row) => row[0]!), lengths };
  }

  it('keep their own labels, and are answered by the nearest face where they show none', async () => {
    const { set, seen } = await answers([SHORT, NOBODY, HIDDEN]);
    expect([set.count, set.withoutFace]).toEqual([2, 1]);
    expect([...set.labels]).toEqual([2, -1, 1, 0, 1, 2, 0, 1, 2]);
    expect(seen).toEqual([100, 101, 102, 2, 2, 2, 2, 5, 5]);
  });

  it('count every frame once and in order, however long they are', async () => {
    const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 1400 }), fc.constantFrom(511, 512, 513, 768, 1024)), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(lengths, async (all) => {
        const {
          set,
          seen,
          lengths: looked,
        } = await answers(
          all.map((length, k) =>
            clip(
              `clip ${k}`,
              1000 * k,
              Array.from({ length }, (_, i) => i % 7),
            ),
          ),
        );
        expect(seen).toEqual(all.flatMap((length, k) => Array.from({ length }, (_, i) => 1000 * k + i)));
        expect(seen).toHaveLength(set.labels.length);
        expect(Math.max(...looked)).toBeLessThanOrEqual(512);
      }),
      { numRuns: 30 },
    );
  });

  it('that go through in stretches are answered as if whole by a network that looks at single frames, and nothing stays behind', async () => {
    const model = temporalEncoder({ features: 2, classes: 3, width: 4, layers: 0, dropout: 0.5, seed: 3 });
    const predict = predictWith(model);
    const before = tf.memory().numTensors;
    const long = clip(
      'long',
      0,
      Array.from({ length: 600 }, () => 0),
    );
    const small: ClipFeatures = {
      dimensions: 2,
      of: (wanted) =>
        Promise.resolve(Float32Array.from(wanted.flatMap((crop) => [Math.sin(crop), Math.cos(3 * crop)]))),
    };
    const stretched = await new ClipEvaluationSet([long], small).logits(predict);
    const whole = await predict(await small.of([...long.labels.keys()], false), [1, 600, 2]);
    expect(stretched).toHaveLength(600);
    stretched
      .flatMap((row) => [...row])
      .forEach((value, i) => {
        expect(value).toBeCloseTo(whole[i]!, 5);
      });
    expect(new Set(whole).size).toBeGreaterThan(1000);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});
