import { expect, it } from 'vitest';
import { SeededRandom } from '../util/seeded-random.js';
import { confidence, fitCalibration } from './calibration.js';

/** Logits whose softmax is the truth's distribution, made too sure by a factor. */
function sample(count: number, factor: number): { logits: number[][]; truth: number[] } {
  const random = new SeededRandom(7);
  const truth: number[] = [];
  const logits = Array.from({ length: count }, () => {
    const row = [random.normal(), random.normal(), random.normal()].map((z) => 1.5 * z);
    const sum = row.reduce((total, z) => total + Math.exp(z), 0);
    let left = random.next() * sum;
    truth.push(
      Math.min(
        2,
        row.findIndex((z) => (left -= Math.exp(z)) < 0),
      ),
    );
    return row.map((z) => factor * z);
  });
  return { logits, truth: truth.map((label) => Math.max(0, label)) };
}

it('finds by how much logits are too sure, and what comes of it', () => {
  const { logits, truth } = sample(4000, 3);
  const { temperature, loss, expectedCalibrationError } = fitCalibration(logits, truth);
  const before = confidence(logits, truth);
  expect(temperature).toBeGreaterThan(2.8);
  expect(temperature).toBeLessThan(3.2);
  expect(loss).toBeLessThan(before.loss - 0.1);
  expect(before.expectedCalibrationError).toBeGreaterThan(0.1);
  expect(expectedCalibrationError).toBeLessThan(0.03);
  expect({ loss, expectedCalibrationError }).toEqual(confidence(logits, truth, temperature));
});

it('of log posteriors, gives the factor to the temperature they were made with', () => {
  const { logits, truth } = sample(500, 3);
  const tempered = logits.map((row) => {
    const scaled = row.map((z) => z / 2);
    const norm = Math.log(scaled.reduce((sum, z) => sum + Math.exp(z), 0));
    return scaled.map((z) => z - norm);
  });
  expect(2 * fitCalibration(tempered, truth).temperature).toBeCloseTo(fitCalibration(logits, truth).temperature, 3);
});

it('leaves out samples without a label, and needs one', () => {
  const { logits, truth } = sample(100, 2);
  const withUnlabelled = fitCalibration([...logits, [50, 0, 0]], [...truth, -1]);
  expect(withUnlabelled.temperature).toBe(fitCalibration(logits, truth).temperature);
  expect(() => fitCalibration([[1, 2]], [-1])).toThrow(/no labelled sample/);
});
