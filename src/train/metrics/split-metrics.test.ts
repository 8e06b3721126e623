import fc from 'fast-check';
import { expect, it } from 'vitest';
import { classificationMetrics } from './classification-metrics.js';
import { confusionMatrix, predictedClasses } from './confusion-matrix.js';
import { expectedCalibrationError, reliabilityBins, temperedPosteriors } from './calibration.js';
import { splitMetrics } from './split-metrics.js';

const row = fc.float32Array({ min: -30, max: 30, noNaN: true, minLength: 4, maxLength: 4 });
const split = fc.array(fc.tuple(row, fc.integer({ min: -1, max: 3 })), { maxLength: 30 });

it('are the metrics of src/train/metrics over the same logits', () => {
  fc.assert(
    fc.property(split, fc.constantFrom(1, 0.5, 2.5), (samples, temperature) => {
      const logits = samples.map(([z]) => z);
      const truth = samples.map(([, y]) => y);
      const metrics = splitMetrics(logits, truth, 4, temperature);
      const confusion = confusionMatrix(truth, predictedClasses(logits), 4);
      const { count, accuracy, meanClassAccuracy, macroF1, recall } = classificationMetrics(confusion);
      expect(metrics).toMatchObject({ count, accuracy, meanClassAccuracy, macroF1, recall, confusion });
      expect(metrics.expectedCalibrationError).toBe(
        expectedCalibrationError(reliabilityBins(temperedPosteriors(logits, temperature), truth)),
      );
    }),
  );
});

it('the loss is the mean cross entropy of the samples with a label', () => {
  const logits = [Float32Array.of(0, Math.log(3)), Float32Array.of(0, 0), Float32Array.of(9, 9)];
  expect(splitMetrics(logits, [1, 0, -1], 2).loss).toBeCloseTo((-Math.log(0.75) - Math.log(0.5)) / 2, 6);
  expect(splitMetrics(logits, [1, 0, -1], 2)).toMatchObject({ count: 2, accuracy: 1 });
});

it('a label thought impossible costs much, but not infinitely much', () => {
  const { loss } = splitMetrics([Float32Array.of(2000, -2000)], [1], 2);
  expect(loss).toBeGreaterThan(700);
  expect(Number.isFinite(loss)).toBe(true);
});

it('nothing to judge gives zeros', () => {
  expect(splitMetrics([], [], 2)).toMatchObject({ count: 0, loss: 0, accuracy: 0, macroF1: 0, recall: [null, null] });
});
