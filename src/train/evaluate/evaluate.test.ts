import { describe, expect, it } from 'vitest';
import type { FaceCrop } from '../../model/crop-geometry.js';
import type { Clip, ExpressionModel } from '../../model/expression-model.js';
import { LabelSet } from '../../model/label-set.js';
import type { ClipFeatures } from '../data/training/clip-features.js';
import { ClipEvaluationSet } from '../data/training/clip-training-set.js';
import { splitMetrics } from '../metrics/split-metrics.js';
import { classifyClip, evaluate } from './evaluate.js';
import type { LabelledFace } from '../data/faces/face-dataset.js';
import type { Prediction } from './evaluate.js';

const GEOMETRY = { size: 2, channels: 1, eyes: { x: 0.5, y: 0.3 }, mouth: { x: 0.5, y: 0.7 } } as const;

/** Says "left" when the top left pixel is brighter than the top right one; over clips, what the frames say on the mean. */
class BrightSide implements ExpressionModel {
  readonly name = 'bright-side';
  readonly version = '1';
  readonly labels = new LabelSet('sides', ['left', 'right']);
  readonly crop = GEOMETRY;
  readonly framing = 'whole';
  readonly flipTta: boolean = false;
  readonly trainingPrior: readonly number[] | null = null;
  readonly qualityCalibration = null;
  readonly context = { past: 0, future: 0, hop: 1 };
  readonly encoded: number[] = [];
  readonly clips: Clip[] = [];

  encode(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    this.encoded.push(crops.length);
    return Promise.resolve(crops.map(({ data }) => Float32Array.of(data[0]! / 255, data[1]! / 255)));
  }

  classify(clip: Clip): Promise<Float32Array[]> {
    this.clips.push(clip);
    const mean = [0, 1].map((k) => clip.features.reduce((sum, row) => sum + row[k]!, 0) / clip.features.length);
    const total = mean[0]! + mean[1]!;
    return Promise.resolve(
      clip.features.slice(clip.from, clip.to).map(() => Float32Array.from(mean, (m) => m / total)),
    );
  }

  dispose(): void {
    // holds nothing
  }
}

/** The same for every frame by itself. */
class FrameByFrame extends BrightSide {
  override classify({ features, from, to }: Clip): Promise<Float32Array[]> {
    return Promise.resolve(
      features
        .slice(from, to)
        .map(([left, right]) => Float32Array.of(left! / (left! + right!), right! / (left! + right!))),
    );
  }
}

function crop(left: number, right: number): FaceCrop {
  return { geometry: GEOMETRY, data: Float32Array.of(left, right, 0, 0) };
}

function picture(id: string, truth: string, left: number, right: number): LabelledFace {
  return { id, frame: null, timestamp: 0, label: truth, crop: crop(left, right) };
}

function frame(id: string, index: number, truth: string | null, left: number, right: number): LabelledFace {
  return { id, frame: index, timestamp: index / 25, label: truth, crop: crop(left, right) };
}

it('tests pictures one by one, in batches, in order', async () => {
  const model = new BrightSide();
  const pictures = Array.from({ length: 150 }, (_, i) =>
    picture(`p${i}`, i % 3 === 0 ? 'right' : 'left', 200, i % 5 === 0 ? 250 : 50),
  );
  const seen: Prediction[] = [];
  const result = await evaluate(model, pictures, {
    onPrediction: (prediction) => {
      seen.push(prediction);
    },
  });
  expect(model.encoded).toEqual([64, 64, 22]);
  expect(seen.map(({ id }) => id)).toEqual(pictures.map(({ id }) => id));
  // Bright on the right: 30 of 150, 10 of them (every 15th) labelled so; 50 labelled right in all.
  expect(result.confusion).toEqual([
    [80, 20],
    [40, 10],
  ]);
  expect(result.recall).toEqual({ left: 0.8, right: 0.2 });
  expect(seen[0]).toMatchObject({ truth: 'right', predicted: 'right', frame: null });
  expect(seen[0]!.posteriors[1]).toBeCloseTo(250 / 450, 6);
});

it('answers the frames of a clip from the whole of it, across batches, and counts the unlabelled ones', async () => {
  const model = new BrightSide();
  const a = Array.from({ length: 100 }, (_, i) => frame('a', i, i % 2 === 0 ? 'left' : null, i < 99 ? 100 : 101, 50));
  const b = [frame('b', 0, 'left', 10, 90), frame('b', 1, 'right', 80, 20)];
  const result = await evaluate(model, [picture('p', 'left', 9, 1), ...a, ...b, picture('q', 'right', 1, 9)]);
  expect(model.clips.map(({ features, from, to }) => [features.length, from, to])).toEqual([
    [1, 0, 1],
    [100, 0, 100],
    [2, 0, 2],
    [1, 0, 1],
  ]);
  expect(model.clips[2]!.timestamps).toEqual([0, 0.04]);
  expect(result.unlabelledFrames).toBe(50);
  // b is bright on the right on the mean: (90, 110) / 200
  expect(result.confusion).toEqual([
    [1 + 50, 1],
    [0, 2],
  ]);
});

/** A frame in which no face is seen. */
function faceless(id: string, index: number, truth: string | null): LabelledFace {
  return { id, frame: index, timestamp: index / 25, label: truth, crop: null };
}

describe('frames without a face', () => {
  const clip = [
    faceless('c', 0, 'left'),
    frame('c', 1, 'left', 90, 10),
    faceless('c', 2, 'right'),
    faceless('c', 3, null),
    faceless('c', 4, 'right'),
    frame('c', 5, 'right', 30, 70),
  ];

  it('are seen as the nearest frame with one, the earlier of two, at their own time, and count', async () => {
    const model = new BrightSide();
    const result = await evaluate(model, clip);
    expect(model.encoded).toEqual([2]);
    expect(model.clips).toHaveLength(1);
    expect(model.clips[0]!.timestamps).toEqual([0, 1, 2, 3, 4, 5].map((i) => i / 25));
    expect(model.clips[0]!.features.map(([left]) => Math.round(left! * 255))).toEqual([90, 90, 90, 90, 30, 30]);
    // On the mean (90 * 4 + 30 * 2, 10 * 4 + 70 * 2) / 6 = (70, 30): left in all of them.
    expect(result.confusion).toEqual([
      [2, 0],
      [3, 0],
    ]);
    expect(result).toMatchObject({
      count: 5,
      accuracy: 2 / 5,
      framesWithoutFace: 3,
      unansweredFrames: 0,
      unlabelledFrames: 1,
    });
  });

  it('have the posteriors of the nearest one where frames are classified separately, mirrored or not', async () => {
    for (const flip of [false, true]) {
      const seen: Prediction[] = [];
      const result = await evaluate(new FrameByFrame(), clip, {
        flip,
        onPrediction: (prediction) => void seen.push(prediction),
      });
      expect(seen.map(({ frame: index, truth }) => [index, truth])).toEqual([
        [0, 'left'],
        [1, 'left'],
        [2, 'right'],
        [4, 'right'],
        [5, 'right'],
      ]);
      const shares = flip ? [0.5, 0.5, 0.5, 0.5, 0.5] : [0.9, 0.9, 0.9, 0.3, 0.3];
      for (const [i, { posteriors }] of seen.entries()) expect(posteriors[0]).toBeCloseTo(shares[i]!, 6);
      if (!flip)
        expect(result.confusion).toEqual([
          [2, 0],
          [1, 2],
        ]);
    }
  });

  it('have no answer in a clip without any face: they are counted separately, and no network runs', async () => {
    const model = new BrightSide();
    const nobody = Array.from({ length: 130 }, (_, i) => faceless('n', i, i < 100 ? 'left' : null));
    const result = await evaluate(model, [...nobody, frame('c', 0, 'left', 9, 1)]);
    expect(result).toMatchObject({
      count: 1,
      accuracy: 1,
      framesWithoutFace: 0,
      unansweredFrames: 100,
      unlabelledFrames: 30,
    });
    expect(model.encoded).toEqual([1]);
    expect(model.clips).toHaveLength(1);
    expect(await evaluate(model, nobody)).toMatchObject({ count: 0, unansweredFrames: 100 });
  });

  it('do not borrow a face from another clip', async () => {
    const model = new FrameByFrame();
    const result = await evaluate(model, [
      frame('a', 0, 'left', 9, 1),
      faceless('b', 0, 'right'),
      frame('b', 1, 'right', 1, 9),
      faceless('b', 2, 'right'),
      frame('d', 0, 'left', 9, 1),
    ]);
    expect(result).toMatchObject({ count: 5, accuracy: 1, framesWithoutFace: 2 });
  });

  it('are answered as training validates them: the same logits, the same figures', async () => {
    const faces: readonly (readonly [number, number])[] = [
      [90, 10],
      [40, 60],
      [80, 30],
      [20, 70],
      [60, 50],
    ];
    const places = [
      [null, 0, null, null, 1, null, 2],
      [null, null],
      [3, null, null, 4, null],
    ];
    const truths = [
      ['left', 'left', 'right', null, 'right', 'left', 'right'],
      ['left', 'right'],
      ['right', 'left', 'right', 'left', 'left'],
    ];
    const model = new BrightSide();
    const features: ClipFeatures = {
      dimensions: 2,
      of: (crops) => Promise.resolve(Float32Array.from(crops.flatMap((at) => faces[at]!.map((value) => value / 255)))),
    };
    const set = new ClipEvaluationSet(
      places.map((crops, c) => ({
        rowIds: crops.map((_, i) => `${c}#${i}`),
        crops,
        labels: truths[c]!.map((truth) => (truth === null ? -1 : model.labels.indexOf(truth))),
      })),
      features,
    );
    // What the model makes of a clip, as logits.
    const rows = await set.logits(async (values, [, frames]) => {
      const sequence = Array.from({ length: frames! }, (_, i) => values.slice(2 * i, 2 * i + 2));
      const posteriors = await model.classify({
        features: sequence,
        timestamps: sequence.map((_, i) => i / 25),
        from: 0,
        to: frames!,
      });
      return Float32Array.from(posteriors.flatMap((row) => [...row].map(Math.log)));
    });
    const validation = splitMetrics(rows, set.labels, 2);
    const crops = places.flatMap((clipPlaces, c) =>
      clipPlaces.map((at, i) =>
        at === null ? faceless(`${c}`, i, truths[c]![i]!) : frame(`${c}`, i, truths[c]![i]!, ...faces[at]!),
      ),
    );
    const evaluation = await evaluate(model, crops);
    expect(evaluation).toMatchObject({ count: 11, framesWithoutFace: 6, unansweredFrames: 2, unlabelledFrames: 1 });
    expect(evaluation.count).toBe(validation.count);
    expect(evaluation.confusion).toEqual(validation.confusion);
    for (const name of ['accuracy', 'meanClassAccuracy', 'macroF1', 'expectedCalibrationError'] as const)
      expect(evaluation[name]).toBeCloseTo(validation[name], 6);
  });
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

it('looks once with a model that averages mirror images already', async () => {
  class Symmetric extends BrightSide {
    override readonly flipTta = true;
  }
  const model = new Symmetric();
  await evaluate(model, [picture('p', 'left', 90, 10)], { flip: true });
  expect(model.encoded).toEqual([1]);
});

it.each([NaN, Infinity])('refuses a model that computes %d, before any prediction of that batch', async (broken) => {
  class Broken extends FrameByFrame {
    override async classify(clip: Clip): Promise<Float32Array[]> {
      const rows = await super.classify(clip);
      return clip.features[0]![0]! > 0.5 ? rows.map(() => Float32Array.of(broken, 0)) : rows;
    }
  }
  const predicted: string[] = [];
  await expect(
    evaluate(new Broken(), [picture('good', 'right', 10, 90), picture('bad', 'left', 200, 10)], {
      onPrediction: ({ id }) => void predicted.push(id),
    }),
  ).rejects.toMatchObject({ code: 'MODEL_BROKEN', message: expect.stringContaining('bright-side') as string });
  expect(predicted).toEqual(['good']);
});

it('stops on request', async () => {
  await expect(
    evaluate(new BrightSide(), [picture('p', 'left', 1, 2)], { signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ code: 'INTERRUPTED' });
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
    return classifyClip(
      model,
      places.map((i) => Float32Array.of(i)),
      places,
    );
  };
  for (const length of [0, 1, 512, 513, 1000])
    expect((await clip(length)).map(([i]) => i)).toEqual(Array.from({ length }, (_, i) => i));
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
