import { appendFile, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/output/support/media.js';
import {
  canonicalJson,
  findDoneRecord,
  foreignOutput,
  markOutputs,
  settingsHash,
  writeDoneRecord,
} from './done-record.js';

describe('done record', () => {
  const outcome = { frames: 3, degraded: false, note: null };
  let dir: string;
  let outputs: string[];

  beforeEach(async () => {
    dir = temporaryFolder();
    outputs = [join(dir, 'clip.csv'), join(dir, 'clip.vtt')];
    for (const path of outputs) await writeFile(path, 'data');
    await writeDoneRecord(dir, 'clip', {
      input: '/films/clip.mp4',
      inputHash: 'sha256:a',
      settingsHash: 'sha256:s',
      outputs,
      outcome,
    });
  });

  it('is found again for the same input and settings', async () => {
    const record = await findDoneRecord(dir, 'clip', 'sha256:a', 'sha256:s');
    expect(record).toMatchObject({
      inputHash: 'sha256:a',
      settingsHash: 'sha256:s',
      outcome,
      outputs: outputs.map((path) => ({ path, bytes: 4 })),
    });
    expect(Date.parse(record!.finishedAt)).toBeLessThanOrEqual(Date.now());
    expect(await readdir(join(dir, '.ferstream'))).toEqual(['clip.json']);
  });

  it('tells outputs that killed runs left from files of others', async () => {
    const endings = ['.csv', '.srt'];
    expect(await foreignOutput(dir, 'clip', endings)).toBeNull();
    await rm(join(dir, '.ferstream', 'clip.json'));
    expect(await foreignOutput(dir, 'clip', endings)).toBe(join(dir, 'clip.csv'));
    expect(await foreignOutput(dir, 'clip', ['.srt'])).toBeNull();
    await markOutputs(dir, 'clip', outputs);
    expect(await foreignOutput(dir, 'clip', endings)).toBeNull();
    await writeFile(join(dir, 'clip.srt'), 'made by hand');
    expect(await foreignOutput(dir, 'clip', endings)).toBe(join(dir, 'clip.srt'));
  });

  it('protects files of others also where runs have left other outputs, and remembers all that runs wrote', async () => {
    await writeFile(join(dir, 'clip.srt'), 'made by hand');
    await writeFile(join(dir, '.ferstream', 'clip.journal'), '');
    expect(await foreignOutput(dir, 'clip', ['.csv', '.srt'])).toBe(join(dir, 'clip.srt'));
    const run = { input: '/films/clip.mp4', inputHash: 'sha256:a', settingsHash: 'sha256:t', outcome };
    await writeDoneRecord(dir, 'clip', { ...run, outputs: [outputs[0]!] });
    await writeDoneRecord(dir, 'clip', { ...run, outputs: [outputs[0]!] });
    expect(await foreignOutput(dir, 'clip', ['.csv', '.vtt'])).toBeNull();
    expect(await foreignOutput(dir, 'clip', ['.vtt', '.srt'])).toBe(join(dir, 'clip.srt'));
  });

  it('is found after the folder was moved', async () => {
    const moved = `${dir}-moved`;
    await rename(dir, moved);
    expect(await findDoneRecord(moved, 'clip', 'sha256:a', 'sha256:s')).not.toBeNull();
  });

  it('does not count for another input, other settings, another name, or an input without a hash', async () => {
    expect(await findDoneRecord(dir, 'clip', 'sha256:b', 'sha256:s')).toBeNull();
    expect(await findDoneRecord(dir, 'clip', 'sha256:a', 'sha256:t')).toBeNull();
    expect(await findDoneRecord(dir, 'other', 'sha256:a', 'sha256:s')).toBeNull();
    await writeDoneRecord(dir, 'stdin', { input: '-', inputHash: null, settingsHash: 'sha256:s', outputs, outcome });
    expect(await findDoneRecord(dir, 'stdin', null, 'sha256:s')).toBeNull();
  });

  it('does not count when an output is missing, of another size, or a folder', async () => {
    await appendFile(outputs[1]!, 'more');
    expect(await findDoneRecord(dir, 'clip', 'sha256:a', 'sha256:s')).toBeNull();
    await rm(outputs[1]!);
    expect(await findDoneRecord(dir, 'clip', 'sha256:a', 'sha256:s')).toBeNull();
    await mkdir(outputs[1]!);
    expect(await findDoneRecord(dir, 'clip', 'sha256:a', 'sha256:s')).toBeNull();
  });

  it('does not count when it is damaged', async () => {
    const path = join(dir, '.ferstream', 'clip.json');
    const text = await readFile(path, 'utf8');
    for (const damaged of [text.slice(0, 40), '{}', text.replace('"version": 1', '"version": 9')]) {
      await writeFile(path, damaged);
      expect(await findDoneRecord(dir, 'clip', 'sha256:a', 'sha256:s')).toBeNull();
    }
  });

  it('refuses to be written for an output that is not there', async () => {
    const run = { input: '-', inputHash: null, settingsHash: '', outputs: [join(dir, 'none.csv')], outcome };
    await expect(writeDoneRecord(dir, 'x', run)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
  });
});

describe('settingsHash', () => {
  it('does not depend on the order of keys, and on everything else', () => {
    expect(settingsHash({ a: 1, b: { c: [1, 2], d: null } })).toBe(settingsHash({ b: { d: null, c: [1, 2] }, a: 1 }));
    expect(settingsHash({ a: 1, b: undefined })).toBe(settingsHash({ a: 1 }));
    expect(settingsHash({ a: [1, 2] })).not.toBe(settingsHash({ a: [2, 1] }));
    expect(settingsHash({ a: '1' })).not.toBe(settingsHash({ a: 1 }));
    expect(settingsHash({})).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('accepts JSON of the same meaning', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('refuses what JSON cannot hold', () => {
    expect(() => settingsHash({ a: NaN })).toThrow(/cannot be hashed/);
  });
});
