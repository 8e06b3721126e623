import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EXPRESSIONS_7 } from '../../model/label-set.js';
import { carveValidation } from './splits.js';
import { Collector } from './reading/define-reader.js';
import type { Dataset, Split } from './sample.js';

interface Row {
  readonly label: string;
  readonly subject: string | null;
  readonly split: Split;
}

function dataset(rows: readonly Row[]): Dataset {
  const found = new Collector();
  rows.forEach((row, index) => {
    found.image({ ...row, id: String(index), path: `/${index}.png` });
  });
  return found.dataset('test', EXPRESSIONS_7);
}

const label = fc.constantFrom(...EXPRESSIONS_7.labels);
const split = fc.constantFrom<Split>('train', 'train', 'valid', 'test');
const alone = fc.array(fc.record({ label, subject: fc.constant(null), split }), { maxLength: 200 });
const grouped = fc.array(fc.record({ label, subject: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), split }), {
  maxLength: 200,
});

it('divides the training rows, each into one part, the same way for the same seed', () => {
  fc.assert(
    fc.property(
      fc.oneof(alone, grouped),
      fc.double({ min: 0.05, max: 0.5, noNaN: true }),
      fc.nat(),
      (rows, fraction, seed) => {
        const data = dataset(rows);
        const { training, validation } = carveValidation(data, fraction, seed);
        const ids = [...training, ...validation].map(({ id }) => Number(id)).sort((a, b) => a - b);
        expect(ids).toEqual(data.samples.filter((sample) => sample.split === 'train').map(({ id }) => Number(id)));
        expect(carveValidation(data, fraction, seed)).toEqual({ training, validation });
      },
    ),
  );
});

it('keeps people whole where only some samples name theirs', () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({
    label: EXPRESSIONS_7.labels[i % 3]!,
    subject: i < 40 ? `person ${i % 8}` : null,
    split: 'train' as const,
  }));
  for (const seed of [1, 2, 3]) {
    const { training, validation } = carveValidation(dataset(rows), 0.3, seed);
    const people = new Set(training.flatMap(({ subject }) => subject ?? []));
    expect(validation.filter(({ subject }) => subject !== null && people.has(subject))).toEqual([]);
    expect(validation.length).toBeGreaterThan(0);
  }
});

it('takes each class in its share, to the nearest sample', () => {
  fc.assert(
    fc.property(alone, fc.double({ min: 0.05, max: 0.5, noNaN: true }), fc.nat(), (rows, fraction, seed) => {
      const { training, validation } = carveValidation(dataset(rows), fraction, seed);
      for (const name of EXPRESSIONS_7.labels) {
        const taken = validation.filter((sample) => sample.label === name).length;
        const all = taken + training.filter((sample) => sample.label === name).length;
        expect(Math.abs(taken - all * fraction)).toBeLessThanOrEqual(1);
        if (all >= 2) expect(Math.min(taken, all - taken)).toBeGreaterThanOrEqual(1);
      }
    }),
  );
});

it('never parts the pictures of one person', () => {
  fc.assert(
    fc.property(grouped, fc.nat(), (rows, seed) => {
      const { training, validation } = carveValidation(dataset(rows), 0.2, seed);
      const trained = new Set(training.map(({ subject }) => subject));
      if (new Set([...training, ...validation].map(({ subject }) => subject)).size > 1) {
        expect(validation.some(({ subject }) => trained.has(subject))).toBe(false);
        expect(validation.length).toBeGreaterThan(0);
      }
    }),
  );
});

it('depends on the seed, and comes near to the share with many people', () => {
  const rows = Array.from({ length: 1000 }, (_, index): Row => ({
    label: EXPRESSIONS_7.labels[index % 7]!,
    subject: `s${index % 50}`,
    split: 'train',
  }));
  const parts = [1, 2, 3].map((seed) => carveValidation(dataset(rows), 0.2, seed).validation);
  for (const part of parts) expect(Math.abs(part.length - 200)).toBeLessThanOrEqual(20);
  expect(new Set(parts.map((part) => part.map(({ id }) => id).join())).size).toBe(3);
  for (const fraction of [0, 1, -1, NaN]) expect(() => carveValidation(dataset(rows), fraction, 1)).toThrow(/fraction/);
});

it('never parts the stretches of one video, before and after preparing', () => {
  const data = dataset(
    Array.from({ length: 60 }, (_, index): Row => ({
      label: EXPRESSIONS_7.labels[index % 3]!,
      subject: null,
      split: 'train',
    })),
  );
  const videoOf = (id: string): number => Math.floor(Number(id) / 5);
  const stretches = data.samples.map((sample) => ({ ...sample, path: `/${videoOf(sample.id)}.mp4` }));
  const prepared = data.samples.map((sample, i) => ({
    ...sample,
    path: '/crops.bin',
    content: `hash${videoOf(sample.id)}@${i}-${i + 1}`,
  }));
  for (const samples of [stretches, prepared]) {
    const { training, validation } = carveValidation({ ...data, samples }, 0.2, 1);
    const trained = new Set(training.map(({ id }) => videoOf(id)));
    expect(validation.length).toBeGreaterThanOrEqual(5);
    expect(validation.filter(({ id }) => trained.has(videoOf(id)))).toEqual([]);
  }
});

it('trains on contested samples, and sets aside what it would have without them', () => {
  fc.assert(
    fc.property(fc.oneof(alone, grouped), fc.array(label), fc.nat(), (rows, contestedLabels, seed) => {
      const agreed = dataset(rows);
      const contested = contestedLabels.map((own, i) => ({
        ...dataset([{ label: own, subject: null, split: 'train' }]).samples[0]!,
        id: `contested ${i}`,
        contested: true as const,
      }));
      const before = carveValidation(agreed, 0.2, seed);
      expect(carveValidation({ ...agreed, samples: [...agreed.samples, ...contested] }, 0.2, seed)).toEqual({
        training: [...before.training, ...contested],
        validation: before.validation,
      });
    }),
  );
});
