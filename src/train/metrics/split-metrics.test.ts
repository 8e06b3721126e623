import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedCalibrationError, fitTemperature, reliabilityBins, temperedPosteriors } from './calibration.js';
import { classificationMetrics, confusionMatrix, predictedClasses } from './classification-metrics.js';
import { learntNothing, splitMetrics, temperatureAtLimit } from './split-metrics.js';

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

describe('warnings', () => {
  /** Metrics of answers by truth: pairs of [truth, predicted]. */
  const metricsOf = (answers: readonly (readonly [number, number])[], classes: number) =>
    splitMetrics(
      answers.map(([, predicted]) => Float32Array.from({ length: classes }, (_, k) => (k === predicted ? 1 : 0))),
      answers.map(([truth]) => truth),
      classes,
    );

  const repeat = (times: number, truth: number, predicted: number) =>
    Array.from({ length: times }, () => [truth, predicted] as const);

  it('a network that always names one class, or names classes by chance, learnt nothing', () => {
    expect(learntNothing(metricsOf([...repeat(8, 0, 0), ...repeat(4, 1, 0)], 2))).toMatch(/learnt nothing.* 66\.7 %/);
    expect(learntNothing(metricsOf([...repeat(8, 0, 1), ...repeat(4, 1, 0)], 2))).not.toBeNull();
    const chance = [0, 1, 2, 3].flatMap((truth) => [0, 1, 2, 3].flatMap((predicted) => repeat(3, truth, predicted)));
    expect(learntNothing(metricsOf(chance, 4))).not.toBeNull();
  });

  it('one that is right more often, or that tells rare classes apart, did learn', () => {
    expect(learntNothing(metricsOf([...repeat(8, 0, 0), ...repeat(3, 1, 0), ...repeat(1, 1, 1)], 2))).toBeNull();
    // Less accurate than always naming class 0, but it finds 30 of 40 of the rare one.
    const balanced = [...repeat(200, 0, 0), ...repeat(100, 0, 1), ...repeat(30, 1, 1), ...repeat(10, 1, 0)];
    expect(learntNothing(metricsOf(balanced, 2))).toBeNull();
  });

  it('gives no warning for a split with one class or without samples', () => {
    expect(learntNothing(metricsOf(repeat(5, 1, 1), 3))).toBeNull();
    expect(learntNothing(metricsOf([], 3))).toBeNull();
  });

  it('a temperature at either end of its range gives a warning', () => {
    const right = [0, 1, 2].map((k) => Float32Array.from({ length: 3 }, (_, i) => (i === k ? 0.5 : 0)));
    expect(temperatureAtLimit(fitTemperature(right, [0, 1, 2]))).toMatch(/0\.05 is at the limit/);
    expect(temperatureAtLimit(fitTemperature(right, [1, 2, 0]))).toMatch(/20\.00 is at the limit/);
    expect(temperatureAtLimit(fitTemperature([...right, ...right], [0, 1, 2, 0, 1, 0]))).toBeNull();
  });
});
