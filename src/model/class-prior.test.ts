import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabelSet } from './label-set.js';
import { PriorEstimator, priorAdapter, withPrior } from './class-prior.js';

const rows = (values: readonly number[]): Float32Array => Float32Array.from(values);

describe('posteriors for another prior', () => {
  it('follow from Bayes’ rule', () => {
    // Equal likelihoods: the posteriors are the prior.
    expect([...withPrior(rows([0.5, 0.5]), [3, 1])]).toEqual([0.75, 0.25]);
    // A rare class has to be nine times as likely to be as probable.
    const [first] = withPrior(rows([0.1, 0.9]), [0.9, 0.1]);
    expect(first).toBeCloseTo(0.5);
  });

  it('come back when the prior is taken out, for any distributions', () => {
    const shares = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(shares, shares, (scores, wanted) => {
        const sum = scores.reduce((a, b) => a + b);
        const posteriors = rows(scores.map((score) => score / sum));
        const back = withPrior(
          withPrior(posteriors, wanted),
          wanted.map((share) => 1 / share),
        );
        back.forEach((p, k) => {
          expect(p).toBeCloseTo(posteriors[k]!, 4);
        });
      }),
    );
  });
});

describe('the prior of footage', () => {
  const training = [0.6, 0.3, 0.1];

  it('starts balanced and moves to what is seen', () => {
    const estimator = new PriorEstimator(training);
    const roots = training.map(Math.sqrt);
    expect(estimator.prior[0]).toBeCloseTo(0.01 + (0.97 * roots[0]!) / roots.reduce((x, y) => x + y));
    for (let i = 0; i < 1000; i += 1) estimator.update(rows(i % 2 === 0 ? [0.02, 0.02, 0.96] : [0.02, 0.96, 0.02]));
    const [a, b, c] = estimator.prior;
    expect(a).toBeLessThan(0.06);
    expect(b).toBeGreaterThan(0.4);
    expect(c).toBeGreaterThan(0.4);
  });

  it('keeps every class possible and sums to 1', () => {
    const estimator = new PriorEstimator(training);
    for (let i = 0; i < 5000; i += 1) estimator.update(rows([1, 0, 0]));
    expect(Math.min(...estimator.prior)).toBeGreaterThanOrEqual(0.01);
    expect(estimator.prior.reduce((x, y) => x + y)).toBeCloseTo(1);
    // A sure face of a class not seen so far is still named.
    const answer = estimator.update(rows([0.001, 0.001, 0.998]));
    expect(answer[2]).toBeGreaterThan(0.5);
  });
});

describe('the choice of a prior', () => {
  const model = { labels: new LabelSet('two', ['calm', 'loud']), trainingPrior: [3, 1] };

  it('is that of training, a uniform one, one between, or your own', () => {
    const half = rows([0.5, 0.5]);
    expect([...priorAdapter(model, 'training').adapt(half)]).toEqual([0.75, 0.25]);
    expect([...priorAdapter(model, 'uniform').adapt(half)]).toEqual([0.5, 0.5]);
    const [calm, loud] = priorAdapter(model, 'balanced').adapt(half);
    expect(calm! / loud!).toBeCloseTo(Math.sqrt(3));
    expect([...priorAdapter(model, { loud: 7, calm: 1 }).adapt(half)]).toEqual([0.125, 0.875]);
    expect([...priorAdapter(model, { loud: 1 }).adapt(half)]).toEqual([0, 1]);
    expect(priorAdapter(model, 'training').prior).toEqual([0.75, 0.25]);
  });

  it('refuses one that does not fit, and any for a model that does not know its own', () => {
    for (const wrong of [{ lout: 1 }, { calm: -1 }, { calm: 0 }, { loud: NaN }, {}, JSON.parse('{"__proto__":1}')]) {
      expect(() => priorAdapter(model, wrong as Record<string, number>)).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error,
      );
    }
    const unknown = { ...model, trainingPrior: null };
    expect(() => priorAdapter(unknown, 'uniform')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error,
    );
    const own = rows([0.2, 0.8]);
    expect(priorAdapter(unknown, 'training').adapt(own)).toBe(own);
  });
});
