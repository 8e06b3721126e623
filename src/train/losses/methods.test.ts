import { tf } from '../../model/tfjs.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../model/engines/open-backend.js';
import { NAW_PARAMETERS, nawSchedule } from './naw-bell.js';
import { crossEntropy, crossEntropyMethod } from './cross-entropy.js';
import { dnfer, dnferMethod } from './dnfer.js';
import { nla, nlaMethod } from './nla.js';
import { vNaw, vNawMethod } from './v-naw.js';
import { SeededRandom } from '../util/seeded-random.js';
import type { EpochProgress } from './epoch-progress.js';
import type { Method } from './method.js';

beforeAll(async () => {
  await openBackend();
});

const [COUNT, CLASSES] = [12, 4];
const LABELS = Array.from({ length: COUNT }, (_, i) => (i === 5 ? -1 : i % CLASSES));
const AT = (epoch: number): EpochProgress => ({ epoch, epochs: 20 });

function logits(seed: number, scale = 2): tf.Tensor2D {
  const random = new SeededRandom(seed);
  return tf.tensor2d(
    Array.from({ length: COUNT * CLASSES }, () => scale * random.normal()),
    [COUNT, CLASSES],
  );
}

/** Loss, its parts, and the gradients by both views, at one moment. */
function results(
  method: Method,
  progress: EpochProgress,
  { scale = 2, labels = LABELS }: { scale?: number; labels?: readonly number[] } = {},
) {
  return tf.tidy(() => {
    const second = method.secondView(progress) === 'none' ? null : logits(2, scale);
    let parts: Record<string, number> = {};
    const loss = (first: tf.Tensor2D, other: tf.Tensor2D | null): tf.Scalar => {
      const result = method.loss(first, other, tf.tensor1d([...labels]), progress);
      parts = Object.fromEntries(Object.entries(result.parts).map(([name, part]) => [name, part.dataSync()[0]!]));
      return result.loss;
    };
    const { value, grads } =
      second === null
        ? tf.valueAndGrads((first: tf.Tensor) => loss(first as tf.Tensor2D, null))([logits(1, scale)])
        : tf.valueAndGrads((first: tf.Tensor, other: tf.Tensor) => loss(first as tf.Tensor2D, other as tf.Tensor2D))([
            logits(1, scale),
            second,
          ]);
    return { loss: value.dataSync()[0]!, parts, gradients: grads.map((grad) => [...grad.dataSync()]) };
  });
}

const value = (make: () => tf.Scalar): number => tf.tidy(() => make().dataSync()[0]!);
const labels = (): tf.Tensor1D => tf.tensor1d(LABELS);

const METHODS: readonly (readonly [string, Method, readonly string[]])[] = [
  ['ce', crossEntropyMethod(), ['none', 'none', 'none']],
  [
    'ce, smoothed and weighted',
    crossEntropyMethod({ labelSmoothing: 0.1, classWeights: [1, 2, 3, 4] }),
    ['none', 'none', 'none'],
  ],
  ['nla', nlaMethod(), ['mirrored', 'mirrored', 'mirrored']],
  ['nla, warmed up', nlaMethod({ crossEntropyEpochs: 2 }), ['none', 'none', 'mirrored']],
  [
    'nla as released',
    nlaMethod({ consistency: 'released-code', detachWeights: true }),
    ['mirrored', 'mirrored', 'mirrored'],
  ],
  ['dnfer', dnferMethod({ crossEntropyEpochs: 2 }), ['strong', 'strong', 'strong']],
  ['v-naw', vNawMethod(), ['mirrored', 'mirrored', 'mirrored']],
];

describe.each(METHODS)('%s', (_name, method, views) => {
  it('uses the view its paper compares with', () => {
    expect([0, 1, 2].map((epoch) => method.secondView(AT(epoch)))).toEqual(views);
  });

  it.each([0, 1, 2, 19])('gives finite numbers in epoch %i, and a gradient to every view', (epoch) => {
    for (const scale of [0, 2, 200]) {
      const { loss, parts, gradients } = results(method, AT(epoch), { scale });
      expect([loss, ...Object.values(parts), ...gradients.flat()].every(Number.isFinite)).toBe(true);
      if (scale !== 2) continue;
      for (const gradient of gradients) expect(Math.hypot(...gradient)).toBeGreaterThan(0);
    }
  });

  it('bears a batch without any label', () => {
    const { loss, gradients } = results(method, AT(3), { labels: LABELS.map(() => -1) });
    expect([loss, ...gradients.flat()].every(Number.isFinite)).toBe(true);
  });

  it('keeps no tensor', () => {
    results(method, AT(3));
    const before = tf.memory().numTensors;
    results(method, AT(3));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('what is minimised', () => {
  it('in warm-up is cross entropy: of one view by NLA, of both by DNFER', () => {
    const first = value(() => crossEntropy(logits(1), labels()).loss);
    const second = value(() => crossEntropy(logits(2), labels()).loss);
    expect(results(nlaMethod({ crossEntropyEpochs: 4 }), AT(3)).loss).toBeCloseTo(first, 5);
    expect(results(dnferMethod({ crossEntropyEpochs: 4 }), AT(3)).loss).toBeCloseTo((first + second) / 2, 5);
  });

  it('by NLA is its loss, the schedule counting from the end of the warm-up', () => {
    const parameters = { ...NAW_PARAMETERS.nla, slope: -3 };
    const epsilon = nawSchedule(6 - 4, 20 - 4, -3);
    const expected = value(
      () => nla(logits(1), logits(2), labels(), { naw: { parameters, epsilon }, lambda: 0.25 }).loss,
    );
    const { loss, parts } = results(nlaMethod({ crossEntropyEpochs: 4, lambda: 0.25, naw: { slope: -3 } }), AT(6));
    expect(loss).toBeCloseTo(expected, 5);
    expect(Object.keys(parts)).toEqual(['crossEntropy', 'supervised', 'consistency', 'meanWeight']);
    expect(0.25 * parts['supervised']! + 0.75 * parts['consistency']!).toBeCloseTo(expected, 5);
  });

  it('by DNFER is its loss, with the shares found clean', () => {
    const expected = value(() => dnfer(logits(1), logits(2), labels(), { alpha: 0.3 }).loss);
    const { loss, parts } = results(dnferMethod({ alpha: 0.3 }), AT(5));
    expect(loss).toBeCloseTo(expected, 5);
    expect(0.7 * parts['supervised']! + 0.3 * parts['consistency']!).toBeCloseTo(expected, 5);
    // A third class would be clean by chance half of the time: some are, some are not.
    for (const share of [parts['cleanShareWeak']!, parts['cleanShareStrong']!]) {
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThan(1);
    }
  });

  it('by V-NAW does not depend on how frames make up clips', () => {
    const naw = { parameters: NAW_PARAMETERS['v-naw'], epsilon: nawSchedule(5, 20, NAW_PARAMETERS['v-naw'].slope) };
    const clips = (frames: tf.Tensor2D): tf.Tensor3D => frames.reshape([3, 4, CLASSES]);
    const expected = value(
      () =>
        vNaw(clips(logits(1)), clips(logits(2)), labels().reshape<tf.Tensor2D>([3, 4]), { naw, a: 0.6, b: 0.2 }).loss,
    );
    expect(results(vNawMethod({ a: 0.6, b: 0.2 }), AT(5)).loss).toBeCloseTo(expected, 5);
  });
});

describe('labels as votes', () => {
  it.each(METHODS)('are taken by %s', (_name, method) => {
    const result = tf.tidy(() => {
      const votes = tf.softmax(logits(3));
      return method
        .loss(logits(1), method.secondView(AT(5)) === 'none' ? null : logits(2), votes, AT(5))
        .loss.dataSync()[0]!;
    });
    expect(Number.isFinite(result)).toBe(true);
  });
});
