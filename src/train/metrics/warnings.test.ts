import { expect, it } from 'vitest';
import { fitTemperature } from './calibration.js';
import { splitMetrics } from './split-metrics.js';
import { learntNothing, temperatureAtLimit } from './warnings.js';

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

it('nothing is said of a split with one class or without samples', () => {
  expect(learntNothing(metricsOf(repeat(5, 1, 1), 3))).toBeNull();
  expect(learntNothing(metricsOf([], 3))).toBeNull();
});

it('a temperature at either end of its range is told of', () => {
  const right = [0, 1, 2].map((k) => Float32Array.from({ length: 3 }, (_, i) => (i === k ? 0.5 : 0)));
  expect(temperatureAtLimit(fitTemperature(right, [0, 1, 2]))).toMatch(/0\.05 is at the limit/);
  expect(temperatureAtLimit(fitTemperature(right, [1, 2, 0]))).toMatch(/20\.00 is at the limit/);
  expect(temperatureAtLimit(fitTemperature([...right, ...right], [0, 1, 2, 0, 1, 0]))).toBeNull();
});
