import { expect, test } from 'vitest';
import type { CheckResult } from './system.js';
import { canRun, reportJson, reportLines, runChecks, runDoctor } from '../doctor.js';

const fine: CheckResult = { name: 'node', status: 'ok', detail: '20.20.2', fix: null };
const note: CheckResult = {
  name: 'engine webgpu',
  status: 'note',
  detail: 'not installed',
  fix: 'npm install webgpu',
};
const broken: CheckResult = { name: 'ffmpeg', status: 'failed', detail: 'none found', fix: 'npm install ffmpeg' };

test('columns are aligned, and each fix is below its problem', () => {
  expect(reportLines([fine, note, broken], { colour: false })).toEqual([
    'ok      node           20.20.2',
    'note    engine webgpu  not installed',
    '                       $ npm install webgpu',
    'failed  ffmpeg         none found',
    '                       $ npm install ffmpeg',
    '',
    'Footage cannot be annotated yet: 1 check failed.',
  ]);
});

test('colours change nothing but the colour', () => {
  const plain = reportLines([fine, note, broken], { colour: false });
  const coloured = reportLines([fine, note, broken], { colour: true });
  expect(coloured).not.toEqual(plain);
  // eslint-disable-next-line no-control-regex -- the escape is what is looked for
  expect(coloured.map((line) => line.replace(/\u001b\[\d+m/g, ''))).toEqual(plain);
});

test('a note does not stop the job, a failure does', () => {
  expect(canRun([fine, note])).toBe(true);
  expect(canRun([fine, broken])).toBe(false);
  expect(JSON.parse(reportJson([fine, broken]))).toEqual({ ok: false, checks: [fine, broken] });
});

test('checks run in order and all their results count', async () => {
  expect(await runChecks([() => Promise.resolve([fine, note]), () => Promise.resolve([broken])])).toEqual([
    fine,
    note,
    broken,
  ]);
});

test('the doctor finds this machine able, and its JSON says what its exit code says', async () => {
  const lines: string[] = [];
  const exitCode = await runDoctor({ write: (line) => void lines.push(line) }, { json: true });
  const report = JSON.parse(lines.join('\n')) as { ok: boolean; checks: CheckResult[] };
  expect(exitCode).toBe(report.ok ? 0 : 1);
  expect(report.checks.filter(({ status }) => status === 'failed')).toEqual([]);
  expect(new Set(report.checks.map(({ name }) => name.split(' ')[0]))).toEqual(
    new Set([
      'node',
      'engine',
      'tensorflow.js',
      'ffmpeg',
      'ffprobe',
      'weights',
      'model',
      'images',
      'cameras',
      'folder',
    ]),
  );
});
