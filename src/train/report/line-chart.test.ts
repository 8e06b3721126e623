import { describe, expect, it } from 'vitest';
import { lineChart } from './line-chart.js';

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

describe('line chart', () => {
  it('breaks a line where a number is missing, and leaves out a series without any', () => {
    const { text } = lineChart({
      title: 'Loss',
      epochs: [1, 2, 3, 4, 5],
      series: [
        { name: 'training', values: [5, 4, NaN, 2, 1] },
        { name: 'validation', values: [null, null, null, null, null] },
      ],
    });
    const paths = [...text.matchAll(/<path class="line" d="([^"]*)"/g)].map((found) => found[1]!);
    expect(paths).toHaveLength(1);
    expect(count(paths[0]!, /M/g)).toBe(2);
    expect(count(text, /<circle /g)).toBe(4);
    expect(text).not.toContain('validation');
    expect(text).toContain('aria-label="Loss: training from 5 in epoch 1 to 1 in epoch 5"');
    expect(text).not.toMatch(/NaN|undefined/);
  });

  it('puts larger numbers higher and later epochs further right, inside the drawing', () => {
    const { text } = lineChart({ title: 'x', epochs: [1, 2, 3], series: [{ name: 'a', values: [0.1, 0.5, 0.9] }] });
    const points = [...text.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(
      (found) => [Number(found[1]), Number(found[2])] as const,
    );
    expect(points).toHaveLength(3);
    points.slice(1).forEach(([x, y], i) => {
      expect(x).toBeGreaterThan(points[i]![0]);
      expect(y).toBeLessThan(points[i]![1]);
    });
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(text)!.map(Number);
    for (const [x, y] of points) {
      expect(x).toBeLessThanOrEqual(width!);
      expect(y).toBeLessThanOrEqual(height!);
    }
  });

  it('spaces powers of ten evenly when asked', () => {
    const { text } = lineChart({
      title: 'rate',
      logarithmic: true,
      epochs: [1, 2, 3],
      series: [{ name: 'rate', values: [1e-2, 1e-3, 1e-4] }],
    });
    const ys = [...text.matchAll(/cy="([\d.]+)"/g)].map((found) => Number(found[1]));
    expect(ys[1]! - ys[0]!).toBeCloseTo(ys[2]! - ys[1]!, 0);
  });

  it('draws one epoch, one value for all epochs, and many epochs', () => {
    for (const [n, value] of [
      [1, 3],
      [5, 0],
      [3000, 0.5],
    ] as const) {
      const epochs = Array.from({ length: n }, (_, i) => i + 1);
      const { text } = lineChart({
        title: 'x',
        epochs,
        series: [{ name: 'a', values: epochs.map(() => value) }],
        marked: 1,
      });
      expect(text).not.toMatch(/NaN|Infinity/);
      expect(count(text, /<circle /g)).toBe(n > 60 ? 0 : n);
      expect(count(text, /<text/g)).toBeLessThan(25);
      expect(text).toContain('class="marked"');
    }
  });

  it('shows a lone point of a long history by a dot', () => {
    const epochs = Array.from({ length: 200 }, (_, i) => i + 1);
    const { text } = lineChart({
      title: 'x',
      epochs,
      series: [{ name: 'every tenth', values: epochs.map((epoch) => (epoch % 10 === 0 ? epoch : null)) }],
    });
    expect(count(text, /<circle /g)).toBe(20);
  });

  it('says that there are no numbers', () => {
    expect(lineChart({ title: 'x', epochs: [1], series: [{ name: 'a', values: [null] }] }).text).toContain(
      'No numbers',
    );
  });
});
