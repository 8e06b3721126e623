import { describe, expect, it } from 'vitest';
import { LabelSet } from '../../model/label-set.js';
import { resolveConfig } from '../config/read-config.js';
import type { Settings } from '../config/read-config.js';
import { assertTwoClasses, dataLines, priorsOf, warmUpLines } from './training-job.js';

const classes = [0, 0, 0, 0, 1, -1];

it('says for which class frequencies posteriors are made, and those of the training set', () => {
  const plain = priorsOf(classes, 2, { sampler: 'shuffle', balance: null });
  expect(plain).toEqual({ posteriors: [0.8, 0.2], training: [0.8, 0.2] });
  expect(priorsOf(classes, 2, { sampler: 'square-root', balance: 1 })).toEqual({
    posteriors: [0.5, 0.5],
    training: [0.8, 0.2],
  });
  const root = priorsOf(classes, 2, { sampler: 'square-root', balance: null }).posteriors;
  expect(root[0]! / root[1]!).toBeCloseTo(2, 4);
  expect(priorsOf(classes, 2, { sampler: 'class-balanced', balance: null }).posteriors).toEqual([0.5, 0.5]);
});

it('counts a class without samples as very rare, not as impossible', () => {
  const { training } = priorsOf([0, 0], 2, { sampler: 'shuffle', balance: null });
  expect(training[1]).toBeGreaterThan(0);
  expect(training[1]).toBeLessThan(0.06);
});

describe('opening lines', () => {
  const DATA = { data: 'manifest:own' };
  const labels = new LabelSet('three', ['neutral', 'happiness', 'bored']);

  describe('the lines about the data', () => {
    const lines = (
      settings: Settings,
      rowLabels: readonly number[],
      validation: number,
      leftOut: Readonly<Record<string, number>> = {},
    ): readonly string[] =>
      dataLines(
        {
          labels,
          report: { training: rowLabels.length, validation, leftOut },
          training: { rowLabels: Int32Array.from(rowLabels) },
        },
        resolveConfig('ce', DATA, settings),
      );

    it('are the number of samples and what is left out, without problems', () => {
      expect(lines({}, [0, 1, 2], 1)).toEqual(['3 samples to train on, 1 set aside for validation']);
      expect(lines({}, [0, 1, 2], 1, { 'cannot be decoded': 4 }).slice(1)).toEqual(['left out: 4: cannot be decoded']);
    });

    it('names classes that nothing can be learned of, and the setting that leaves them out; frames without a label are no class', () => {
      expect(lines({}, [0, 2, -1], 1).slice(1)).toEqual([
        `no training sample shows happiness: to train without such classes, --set 'labels=["neutral","bored"]'`,
      ]);
    });

    it('says why there is no validation, unless it was switched off', () => {
      expect(lines({}, [0, 1, 2], 0).slice(1)).toEqual([
        'too few training samples to set any aside: the last epoch will count as the best',
      ]);
      expect(lines({ validation: { from: 'valid' } }, [0, 1, 2], 0).slice(1)).toEqual([
        'the data set has no samples in the split "valid": the last epoch will count as the best',
      ]);
      expect(lines({ validation: { fraction: 0 } }, [0, 1, 2], 0)).toHaveLength(1);
    });
  });

  describe('a warm-up', () => {
    const lines = (preset: string, epochs: number, crossEntropyEpochs?: number): readonly string[] =>
      warmUpLines(
        resolveConfig(
          preset,
          DATA,
          { epochs },
          crossEntropyEpochs === undefined ? {} : { method: { crossEntropyEpochs } },
        ),
      );

    it.each(['nla', 'dnfer'])('that takes all of training is pointed out: %s', (preset) => {
      expect(lines(preset, 3)).toEqual([
        `${preset} will not begin: its warm-up with cross entropy takes 5 of 3 epochs; train longer, or set method.crossEntropyEpochs`,
      ]);
      expect(lines(preset, 5)).toHaveLength(1);
    });

    it('that ends before training does is not', () => {
      expect(lines('nla', 6)).toEqual([]);
      expect(lines('nla', 3, 2)).toEqual([]);
      expect(lines('nla', 3, 0)).toEqual([]);
      expect(lines('ce', 1)).toEqual([]);
    });
  });

  it('training needs two classes that have samples', () => {
    const check =
      (...rowLabels: readonly number[]) =>
      (): void => {
        assertTwoClasses({ labels, training: { rowLabels: Int32Array.from(rowLabels) } }, DATA);
      };
    expect(check(0, 2, -1)).not.toThrow();
    expect(check(1, 1, -1)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('manifest:own: all training samples are "happiness"') as string,
      }) as Error,
    );
    expect(check(-1)).toThrow(/no training sample has a label/);
  });
});
