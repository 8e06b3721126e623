import { tf } from '../../model/tfjs.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../model/engines/open-backend.js';
import { nawWeights } from '../losses/naw.js';
import { NAW_PARAMETERS, nawWeightAt } from '../losses/naw-bell.js';
import { SeededRandom } from '../util/seeded-random.js';
import { ambiguityPoints, QUADRANTS, quadrantOf } from './ambiguity-points.js';
import type { AmbiguityData } from './ambiguity-points.js';

beforeAll(async () => {
  await openBackend();
});

describe('NAW weight of one sample', () => {
  it.each(['nla', 'v-naw'] as const)('is what the loss computes from logits, %s', (variant) => {
    const parameters = NAW_PARAMETERS[variant];
    const random = new SeededRandom(5);
    const logits = Array.from({ length: 64 }, () => Array.from({ length: 4 }, () => 8 * random.next() - 4));
    const labels = logits.map(() => random.int(4));
    for (const epsilon of [0, 0.4, 1]) {
      tf.tidy(() => {
        const { weight, truth, nearest } = nawWeights(tf.tensor2d(logits), tf.tensor1d(labels, 'int32'), {
          parameters,
          epsilon,
        });
        const [w, p, q] = [weight.dataSync(), truth.dataSync(), nearest.dataSync()];
        w.forEach((expected, i) => {
          expect(nawWeightAt(p[i]!, q[i]!, parameters, epsilon)).toBeCloseTo(expected, 5);
        });
      });
    }
  });

  it('peaks at the branch means', () => {
    const { 'v-naw': parameters } = NAW_PARAMETERS;
    expect(nawWeightAt(0.5, 0.5, parameters, 1)).toBe(1);
    const nla = nawWeightAt(0.5, 0.5, NAW_PARAMETERS.nla, 1);
    expect(nla).toBeCloseTo(1 / (2 * Math.PI * Math.sqrt(0.8 ** 2 - 0.48 ** 2)), 10);
  });

  it('refuses what is not a Gaussian', () => {
    expect(() => nawWeightAt(0.9, 0.1, { ...NAW_PARAMETERS.nla, covT: -0.9 }, 1)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});

describe('quadrants', () => {
  it('go from clear to likely noise along the ridge', () => {
    expect([0.95, 0.7, 0.4, 0.1].map((truth) => quadrantOf(truth, 1 - truth))).toEqual([...QUADRANTS]);
  });

  it('agree with the side of the diagonal everywhere', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (truth, share) => {
          const nearest = share * (1 - truth);
          expect(quadrantOf(truth, nearest).endsWith('-agreed')).toBe(truth >= nearest);
        },
      ),
    );
  });
});

describe('ambiguity of the training samples', () => {
  const data: AmbiguityData = {
    epoch: 3,
    points: Float32Array.of(0.75, 0.25, 0, 0.125, 0.75, 1, NaN, 0.5, 0, 0.5, 0.25, 2),
    given: Int32Array.of(0, 0, 1, -1),
    ids: ['a', 'b', 'c', 'd'],
    parameters: NAW_PARAMETERS.nla,
    epsilon: 0.5,
  };

  it('leaves out samples without a label and broken posteriors, and keeps numbers and names together', () => {
    const points = ambiguityPoints(data);
    expect(
      points.map(({ sample, id, given, predicted, truth, nearest, quadrant }) => ({
        sample,
        id,
        given,
        predicted,
        truth,
        nearest,
        quadrant,
      })),
    ).toEqual([
      { sample: 0, id: 'a', given: 0, predicted: 0, truth: 0.75, nearest: 0.25, quadrant: 'clear-agreed' },
      { sample: 1, id: 'b', given: 0, predicted: 1, truth: 0.125, nearest: 0.75, quadrant: 'confident-disagreed' },
    ]);
    expect(points[1]!.weight).toBe(nawWeightAt(0.125, 0.75, NAW_PARAMETERS.nla, 0.5));
  });

  it('refuses lists that do not fit', () => {
    expect(() => ambiguityPoints({ ...data, ids: ['a'] })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => ambiguityPoints({ ...data, given: [0] })).toThrow(/4 ids need 12 numbers and 4 labels/);
  });
});
