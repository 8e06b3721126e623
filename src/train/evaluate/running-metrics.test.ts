import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LabelSet } from '../../model/label-set.js';
import { classificationMetrics, confusionMatrix, predictedClasses } from '../metrics/classification-metrics.js';
import { expectedCalibrationError, reliabilityBins } from '../metrics/calibration.js';
import { RunningMetrics } from './running-metrics.js';

const LABELS = new LabelSet('three', ['neutral', 'happiness', 'fear']);

it('counts what was counted by hand', () => {
  const tally = new RunningMetrics(LABELS);
  // neutral: right, right, taken for happiness; happiness: right, taken for neutral; no fear anywhere.
  tally.add(
    ['neutral', 'Neutral', 'happy'],
    [
      [0.9, 0.1, 0],
      [0.6, 0.3, 0.1],
      [0.2, 0.7, 0.1],
    ],
  );
  tally.add(
    ['neutral', 'happiness'],
    [
      [0.4, 0.6, 0],
      [0.6, 0.4, 0],
    ],
  );
  const result = tally.result();
  expect(result.confusion).toEqual([
    [2, 1, 0],
    [1, 1, 0],
    [0, 0, 0],
  ]);
  expect(result).toMatchObject({
    count: 5,
    accuracy: 3 / 5,
    labels: ['neutral', 'happiness', 'fear'],
    missingLabels: [],
    ignoredMissing: 0,
  });
  expect(result.recall).toEqual({ neutral: 2 / 3, happiness: 1 / 2, fear: null });
  expect(result.precision).toEqual({ neutral: 2 / 3, happiness: 1 / 2, fear: null });
  expect(result.f1).toEqual({ neutral: 2 / 3, happiness: 1 / 2, fear: null });
  expect(result.meanClassAccuracy).toBeCloseTo((2 / 3 + 1 / 2) / 2, 12);
  expect(result.macroF1).toBeCloseTo((2 / 3 + 1 / 2) / 3, 12);
  expect(result.macroF1Present).toBeCloseTo((2 / 3 + 1 / 2) / 2, 12);
  // Bins of 1/15: 0.6 three times (one right) in (8/15, 9/15], 0.7 right, 0.9 right.
  expect(result.expectedCalibrationError).toBeCloseTo((3 * (0.6 - 1 / 3) + 0.3 + 0.1) / 5, 6);
});

it('counts truths that the model does not know as wrong, in their own row', () => {
  const tally = new RunningMetrics(LABELS);
  tally.add(
    ['neutral', 'contempt'],
    [
      [0.8, 0.1, 0.1],
      [0.8, 0.1, 0.1],
    ],
  );
  tally.add(
    ['contempt', 'calm', 'neutral'],
    [
      [0, 0, 1],
      [1, 0, 0],
      [1, 0, 0],
    ],
  );
  const result = tally.result();
  expect(result.labels).toEqual(['neutral', 'happiness', 'fear', 'contempt', 'calm']);
  expect(result.missingLabels).toEqual(['contempt', 'calm']);
  expect(result.confusion).toEqual([
    [2, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
    [1, 0, 1, 0, 0],
    [1, 0, 0, 0, 0],
  ]);
  expect(result.accuracy).toBe(2 / 5);
  expect(result.recall).toEqual({ neutral: 1, happiness: null, fear: null, contempt: 0, calm: 0 });
});

it('leaves them out on request, and says how many', () => {
  const tally = new RunningMetrics(LABELS, true);
  tally.add(
    ['neutral', 'contempt', 'contempt'],
    [
      [0.8, 0.1, 0.1],
      [0.8, 0.1, 0.1],
      [0, 1, 0],
    ],
  );
  const result = tally.result();
  expect(result).toMatchObject({
    count: 1,
    accuracy: 1,
    labels: LABELS.labels,
    missingLabels: ['contempt'],
    ignoredMissing: 2,
    confusion: [
      [1, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ],
  });
  expect(result.expectedCalibrationError).toBeCloseTo(0.2, 12);
});

it('has no figures without predictions', () => {
  expect(new RunningMetrics(LABELS).result()).toMatchObject({
    count: 0,
    accuracy: 0,
    macroF1: 0,
    expectedCalibrationError: 0,
    recall: { neutral: null },
  });
});

it('gives the same in batches as in one go, and as the metrics of all predictions at once', () => {
  const row = fc.tuple(
    fc.constantFrom(...LABELS.labels),
    fc.tuple(
      fc.float({ min: 0, max: 1, noNaN: true }),
      fc.float({ min: 0, max: 1, noNaN: true }),
      fc.float({ min: 0, max: 1, noNaN: true }),
    ),
  );
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (rows, size) => {
      const tally = new RunningMetrics(LABELS);
      for (let i = 0; i < rows.length; i += size) {
        const part = rows.slice(i, i + size);
        tally.add(
          part.map(([truth]) => truth),
          part.map(([, posteriors]) => posteriors),
        );
      }
      const truth = rows.map(([label]) => LABELS.indexOf(label));
      const posteriors = rows.map(([, values]) => values);
      const confusion = confusionMatrix(truth, predictedClasses(posteriors), 3);
      const { accuracy, meanClassAccuracy, macroF1, macroF1Present } = classificationMetrics(confusion);
      const result = tally.result();
      expect(result.confusion).toEqual(confusion);
      expect(result).toMatchObject({ accuracy, meanClassAccuracy, macroF1, macroF1Present });
      expect(result.expectedCalibrationError).toBeCloseTo(
        expectedCalibrationError(reliabilityBins(posteriors, truth)),
        10,
      );
    }),
  );
});
