import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { writeTree } from '../../../test/support/write-tree.js';
import { auditLabels } from './audit-labels.js';
import { evidenceOfLook } from './label-evidence.js';
import { distrustOf, figuresOfEvidence, figuresOfRun } from './judge-trust.js';

const GOOD = { count: 400, accuracy: 0.7, majority: 0.3, rows: 'held-out rows' };
const calibrated = { temperature: 1.4, expectedCalibrationError: 0.05 };

it('trusts a calibrated network that is right more often than chance', () => {
  expect(distrustOf({ ...GOOD, calibration: calibrated })).toBeNull();
  expect(distrustOf({ ...GOOD, calibration: null })).toBeNull();
  // On few rows chance alone makes such an error.
  expect(distrustOf({ ...GOOD, count: 20, calibration: { ...calibrated, expectedCalibrationError: 0.25 } })).toBeNull();
});

it.each([
  [{ accuracy: 0, count: 8 }, 'right on 0 % of 8 held-out rows, where the most frequent class alone gives 30 %'],
  [{ accuracy: 0.3 }, 'right on 30 % of 400 held-out rows, where the most frequent class alone gives 30 %'],
  [{ accuracy: 0.5, majority: 0.4, count: 10 }, 'where the most frequent class alone gives 40 %'],
  [{ accuracy: 0.4 }, 'right on 40 % of 400 held-out rows: its own mistakes would pass for wrong labels'],
  [
    { calibration: { ...calibrated, temperature: 0.05 } },
    'not calibrated: the temperature fitted on 400 held-out rows is at its limit (0.05',
  ],
  [{ calibration: { ...calibrated, temperature: 20 } }, 'at its limit (20.0)'],
  [
    { calibration: { ...calibrated, expectedCalibrationError: 0.2 } },
    'not calibrated: the error on 400 held-out rows is 20 %',
  ],
])('does not trust %j, and says why', (figures, why) => {
  expect(distrustOf({ ...GOOD, calibration: calibrated, ...figures })).toContain(why);
});

it('marks no label by a network that it does not trust, and still ranks them', () => {
  // A network that always says the same.
  const evidence = Array.from({ length: 60 }, (_, i) =>
    evidenceOfLook(`row ${i}`, i % 3, Float64Array.of(0.2, 0.5 + i / 1000, 0.3 - i / 1000)),
  );
  const distrust = distrustOf(figuresOfEvidence(evidence, 'labels given'));
  expect(distrust).toContain('right on 33 % of 60 labels given');
  const audit = auditLabels(evidence, ['neutral', 'happiness', 'anger'], 0.5, distrust);
  expect(audit).toMatchObject({ distrust, expectedWrong: 0, noiseRates: [null, null, null] });
  expect(audit.rows.some(({ isSuspect }) => isSuspect)).toBe(false);
  expect(audit.rows.map(({ given }) => given).slice(-20)).toEqual(Array<number>(20).fill(1));
});

it('takes the figures of a run from its best epoch', async () => {
  const root = await scratchDir();
  const epoch = (accuracy: number, confusion: number[][]) => ({
    validation: { count: 10, accuracy, confusion },
    calibration: { temperature: 2, expectedCalibrationError: 0.1, loss: 1 },
  });
  const lines = [
    { validation: null, calibration: null },
    epoch(0.8, [
      [5, 1],
      [1, 3],
    ]),
    epoch(0.6, [
      [6, 0],
      [4, 0],
    ]),
  ];
  await writeTree(root, { 'run/epochs.jsonl': lines.map((line) => `${JSON.stringify(line)}\n`).join('') });
  expect(await figuresOfRun(join(root, 'run'))).toMatchObject({ count: 10, accuracy: 0.8, majority: 0.6 });
  expect(await figuresOfRun(root)).toBeNull();
});
