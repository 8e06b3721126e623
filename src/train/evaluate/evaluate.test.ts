import { expect, it } from 'vitest';
import type { Clip, ExpressionModel } from '../../model/expression-model.js';
import { LabelSet } from '../../model/label-set.js';
import { classifyClip } from './classify-clip.js';
import { evaluate } from './evaluate.js';
import type { LabelledCrop, Prediction } from './labelled-crop.js';

const GEOMETRY = { size: 2, channels: 1, eyes: { x: 0.5, y: 0.3 }, mouth: { x: 0.5, y: 0.7 } } as const;

/** Says "left" when the top left pixel is brighter than the top right one; over clips, what the frames say on the mean. */
class BrightSide implements ExpressionModel {
  readonly name = 'bright-side';
  readonly version = '1';
  readonly labels = new LabelSet('sides', ['left', 'right']);
  readonly crop = GEOMETRY;
  readonly context = { past: 0, future: 0, hop: 1 };
  readonly encoded: number[] = [];
  readonly clips: Clip[] = [];

  encode(crops: readonly LabelledCrop['crop'][]): Promise<Float32Array[]> {
    this.encoded.push(crops.length);
    return Promise.resolve(crops.map(({ data }) => Float32Array.of(data[0]! / 255, data[1]! / 255)));
  }

  classify(clip: Clip): Promise<Float32Array[]> {
    this.clips.push(clip);
    const mean = [0, 1].map((k) => clip.features.reduce((sum, row) => sum + row[k]!, 0) / clip.features.length);
    const total = mean[0]! + mean[1]!;
    return Promise.resolve(clip.features.slice(clip.from, clip.to).map(() => Float32Array.from(mean, (m) => m / total)));
  }

  dispose(): void {
    // holds nothing
  }
}

function crop(left: number, right: number): LabelledCrop['crop'] {
  return { geometry: GEOMETRY, data: Float32Array.of(left, right, 0, 0) };
}

function picture(id: string, truth: string, left: number, right: number): LabelledCrop {
  return { id, frame: null, timestamp: 0, truth, crop: crop(left, right) };
}

function frame(id: string, index: number, truth: string | null, left: number, right: number): LabelledCrop {
  return { id, frame: index, timestamp: index / 25, truth, crop: crop(left, right) };
}

it('tests pictures one by one, in batches, in order', async () => {
  const model = new BrightSide();
  const pictures = Array.from({ length: 150 }, (_, i) => picture(`p${i}`, i % 3 === 0 ? 'right' : 'left', 200, i % 5 === 0 ? 250 : 50));
  const seen: Prediction[] = [];
  const result = await evaluate(model, pictures, {
    onPrediction: (prediction) => {
      seen.push(prediction);
    },
  });
  expect(model.encoded).toEqual([64, 64, 22]);
  expect(seen.map(({ id }) => id)).toEqual(pictures.map(({ id }) => id));
  // Bright on the right: 30 of 150, 10 of them (every 15th) labelled so; 50 labelled right in all.
  expect(result.confusion).toEqual([[80, 20], [40, 10]]);
  expect(result.recall).toEqual({ left: 0.8, right: 0.2 });
  expect(seen[0]).toMatchObject({ truth: 'right', predicted: 'right', frame: null });
  expect(seen[0]!.posteriors[1]).toBeCloseTo(250 / 450, 6);
});

it('answers the frames of a clip from the whole of it, across batches, and counts the unlabelled ones', async () => {
  const model = new BrightSide();
  const a = Array.from({ length: 100 }, (_, i) => frame('a', i, i % 2 === 0 ? 'left' : null, i < 99 ? 100 : 101, 50));
  const b = [frame('b', 0, 'left', 10, 90), frame('b', 1, 'right', 80, 20)];
  const result = await evaluate(model, [picture('p', 'left', 9, 1), ...a, ...b, picture('q', 'right', 1, 9)]);
  expect(model.clips.map(({ features, from, to }) => [features.length, from, to])).toEqual([[1, 0, 1], [100, 0, 100], [2, 0, 2], [1, 0, 1]]);
  expect(model.clips[2]!.timestamps).toEqual([0, 0.04]);
  expect(result.unlabelledFrames).toBe(50);
  // b is bright on the right on the mean: (90, 110) / 200
  expect(result.confusion).toEqual([[1 + 50, 1], [0, 2]]);
});

it('averages with the mirrored picture', async () => {
  const seen: Prediction[] = [];
  const options = {
    flip: true,
    onPrediction: (prediction: Prediction) => {
      seen.push(prediction);
    },
  };
  await evaluate(new BrightSide(), [picture('p', 'left', 90, 10), frame('c', 0, 'left', 80, 20)], options);
  for (const { posteriors } of seen) {
    expect(posteriors[0]).toBeCloseTo(0.5, 6);
    expect(posteriors[1]).toBeCloseTo(0.5, 6);
  }
  expect(seen).toHaveLength(2);
});

it('stops when it is told to', async () => {
  await expect(evaluate(new BrightSide(), [picture('p', 'left', 1, 2)], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'INTERRUPTED' });
});

it('cuts clips that are too long for one look into stretches with context, every frame answered once', async () => {
  const lookedAt: [number, number, number, number][] = [];
  const model = {
    classify: ({ features, timestamps, from, to }: Clip) => {
      lookedAt.push([timestamps[0]!, features.length, from, to]);
      return Promise.resolve(features.slice(from, to));
    },
  };
  const clip = (length: number): Promise<Float32Array[]> => {
    const places = Array.from({ length }, (_, i) => i);
    return classifyClip(model, places.map((i) => Float32Array.of(i)), places);
  };
  for (const length of [0, 1, 512, 513, 1000]) expect((await clip(length)).map(([i]) => i)).toEqual(Array.from({ length }, (_, i) => i));
  expect(lookedAt).toEqual([
    [0, 1, 0, 1],
    [0, 512, 0, 512],
    [0, 384, 0, 256],
    [128, 385, 128, 384],
    [384, 129, 128, 129],
    [0, 384, 0, 256],
    [128, 512, 128, 384],
    [384, 512, 128, 384],
    [640, 360, 128, 360],
  ]);
});
