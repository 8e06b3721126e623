import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { identifyInput } from '../../src/ingest/sources/identity.js';
import { conversionNames, convertAnnotation } from '../../src/stream/annotate/convert.js';
import { baselineWriters } from '../../src/stream/output/baseline-writers.js';
import { writeBatchSummary, writeCombined } from '../../src/stream/output/csv.js';
import { OUTPUT_FORMATS, openWriters } from '../../src/stream/output/formats.js';
import { applyPeople, parseMerges, readNames, renamePeople } from '../../src/stream/results/people.js';
import { scratchDir } from '../support/scratch.js';
import type { OutputContext } from '../../src/stream/results/output-format.js';
import type { RunMetadata } from '../../src/stream/results/annotation-schema.js';
import type { FrameResult } from '../../src/stream/pipeline/frame-result.js';
import { eafFaults } from './support/eaf-schema.js';
import { callFer } from '../support/call-fer.js';
import { temporaryFolder } from './support/media.js';
import { GOOD, METADATA, arbitraryResults, face, frame } from './support/results.js';

const FORMATS = OUTPUT_FORMATS.map(({ name }) => name).filter((name) => name !== 'overlay');

const CLIP = [
  frame(0, 0, [face(1, 'happiness'), face(2, 'fear', { trust: 'unusable', certainty: 0.2 })]),
  frame(1, 0.5, [face(1, 'happiness', { probability: 0.9 })]),
  frame(2, 1, []),
  frame(3, 1.5, [face(2, 'anger', { trust: 'unsure', certainty: 0.7 })]),
];

/** Writes `results` in all formats into its own folder, as annotating does. */
async function annotated(results: readonly FrameResult[], metadata: RunMetadata = METADATA): Promise<string> {
  const dir = join(temporaryFolder(), 'a');
  const writers = await openWriters(FORMATS, dir, 'clip', metadata, { sourcePath: null });
  for (const result of results) await writers.write(result);
  await writers.finish({ ...GOOD, frames: results.length });
  return dir;
}

/** What a folder contains apart from the record of what was written. */
async function visible(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name !== '.ferstream');
}

describe('converting', () => {
  it('gives the files that annotating gives, byte for byte, in every format', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryResults, fc.constantFrom('file' as const, 'images' as const), async (results, kind) => {
        const named = results.map((result) =>
          kind === 'images' ? { ...result, file: `${result.index}.png` } : result,
        );
        const dir = await annotated(named, { ...METADATA, input: { ...METADATA.input, kind } });
        const outputDir = join(dir, '../b');
        await convertAnnotation(join(dir, 'clip.jsonl'), { formats: FORMATS, outputDir });
        expect(await visible(outputDir)).toEqual(await readdir(dir));
        for (const name of await readdir(dir)) {
          expect((await readFile(join(outputDir, name))).equals(await readFile(join(dir, name))), name).toBe(true);
        }
      }),
      { numRuns: 8 },
    );
  });

  it('never replaces the annotation it reads, and leaves nothing of one that is truncated', async () => {
    const dir = await annotated(CLIP);
    const path = join(dir, 'clip.jsonl');
    await expect(convertAnnotation(path, { formats: ['jsonl'] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const lines = (await readFile(path, 'utf8')).split('\n');
    await writeFile(join(dir, 'cut.jsonl'), lines.slice(0, 3).join('\n'));
    const outputDir = join(dir, '../c');
    await expect(convertAnnotation(join(dir, 'cut.jsonl'), { formats: ['csv'], outputDir })).rejects.toMatchObject({
      code: 'ANNOTATION_INVALID',
    });
    expect(await readdir(outputDir)).toEqual([]);
  });

  it('replaces what it wrote before, but files of others only when forced', async () => {
    const dir = await annotated(CLIP);
    const path = join(dir, 'clip.jsonl');
    const outputDir = join(dir, '../d');
    await mkdir(outputDir);
    await convertAnnotation(path, { formats: ['vtt'], outputDir });
    await writeFile(join(outputDir, 'clip.srt'), 'made by hand');
    await expect(convertAnnotation(path, { formats: ['vtt', 'srt'], outputDir })).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringContaining('clip.srt exists, and fer did not write it') as string,
    });
    expect(await readFile(join(outputDir, 'clip.srt'), 'utf8')).toBe('made by hand');
    await convertAnnotation(path, { formats: ['vtt'], outputDir });
    await convertAnnotation(path, { formats: ['srt'], outputDir, force: true });
    expect(await readFile(join(outputDir, 'clip.srt'), 'utf8')).toContain('-->');
    await convertAnnotation(path, { formats: ['vtt', 'srt'], outputDir });
  });

  it('converts the others when one of several is damaged, or its output is not ours', async () => {
    const dir = await annotated(CLIP);
    await writeFile(join(dir, 'cut.jsonl'), '{"type":');
    await rm(join(dir, 'clip.csv'));
    await copyFile(join(dir, 'clip.jsonl'), join(dir, 'taken.jsonl'));
    await writeFile(join(dir, 'taken.csv'), 'of somebody else');
    const paths = ['cut', 'absent', 'taken', 'clip'].map((name) => join(dir, `${name}.jsonl`));
    const combined = join(dir, 'all.csv');
    const { code, stdout, stderr } = await callFer(['convert', ...paths, '--format', 'csv', '--combine', combined]);
    expect([code, stdout.trim().split('\n')]).toEqual([1, [join(dir, 'clip.csv'), combined]]);
    expect(stderr).toMatch(/^failed: .*cut\.jsonl.*\nfailed: .*absent\.jsonl.*\nfailed: .*taken\.csv exists.*\n$/);
    expect(await readFile(join(dir, 'taken.csv'), 'utf8')).toBe('of somebody else');
  });

  it('keeps annotations of one name apart in one folder', async () => {
    const paths = [join(await annotated(CLIP), 'clip.jsonl'), join(await annotated(CLIP.slice(2)), 'clip.jsonl')];
    const outputDir = join(temporaryFolder(), 'named');
    const { code } = await callFer(['convert', ...paths, '--format', 'csv', '-o', outputDir]);
    expect(code).toBe(0);
    const rows = await Promise.all(
      (await visible(outputDir)).map(
        async (name) => (await readFile(join(outputDir, name), 'utf8')).split('\n').length,
      ),
    );
    expect(rows).toHaveLength(2);
    expect(rows[0]).not.toBe(rows[1]);
  });

  it('puts names and merged ids into every format', async () => {
    const dir = await annotated(CLIP);
    const people = join(dir, 'people.csv');
    await writeFile(people, '\ufeffid;name\r\n1;"Ann ""A"" <b>"\r\n');
    const outputDir = join(dir, '../named');
    const names = await readNames(people);
    const merge = parseMerges(['2=1']);
    await convertAnnotation(join(dir, 'clip.jsonl'), { formats: FORMATS, outputDir, names, merge });
    for (const name of await visible(outputDir)) {
      const text = await readFile(join(outputDir, name), 'utf8');
      expect(text, name).toContain('Ann');
      expect(text, name).not.toMatch(/Face 2|#2 /);
    }
    const rows = parse<Record<string, string>>(await readFile(join(outputDir, 'clip.csv')), { columns: true });
    expect(rows.map(({ face_id, name }) => `${face_id!}${name!}`)).toEqual([
      '1Ann "A" <b>',
      '1Ann "A" <b>',
      '',
      '1Ann "A" <b>',
    ]);
  });
});

describe('people', () => {
  it('are read from what a spreadsheet saves; a name may hold the other separators', async () => {
    const path = join(await scratchDir(), 'people.csv');
    const text = 'id;name\r\n1;Müller, José\r\n';
    for (const bytes of [Buffer.from(text, 'latin1'), Buffer.from(`\uFEFF${text}`, 'utf16le'), text]) {
      await writeFile(path, bytes);
      expect(await readNames(path)).toEqual({ 1: 'Müller, José' });
    }
  });

  it('refuses two names for one face', async () => {
    const path = join(await scratchDir(), 'people.csv');
    await writeFile(path, 'id,name\n1,Ann\n2,Bo\n1,Cy\n');
    await expect(readNames(path)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `--names ${path}, line 4: face 1 is both "Ann" and "Cy"; leave out one of them`,
    });
    await writeFile(path, 'id,name\n1,Ann\n1,Ann\n');
    expect(await readNames(path)).toEqual({ 1: 'Ann' });
  });

  it('a file that cannot be read is said in words, not in system codes', async () => {
    const folder = await scratchDir();
    const none = join(folder, 'none');
    await expect(readNames(`${none}.csv`)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `--names ${none}.csv: no such file or folder: check the name`,
    });
    await expect(convertAnnotation(`${none}.jsonl`, { formats: ['csv'] })).rejects.toMatchObject({
      code: 'INPUT_NOT_FOUND',
      message: `${none}.jsonl: no such file or folder: check the name`,
    });
    await expect(convertAnnotation(folder, { formats: ['csv'] })).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      message: `${folder}: is a folder: give the files in it`,
    });
  });

  it('a face that becomes somebody else takes the name of that person, or none', () => {
    const named = frame(0, 0, [face(1, 'anger', { name: 'Ann' }), face(2, 'anger', { name: 'Bob' })]);
    const namesOf = ({ faces }: FrameResult): unknown[] => faces.map(({ trackId, name }) => [trackId, name]);
    expect(namesOf(applyPeople(named, { merge: new Map([[2, 5]]) }))).toEqual([
      [1, 'Ann'],
      [5, undefined],
    ]);
    expect(namesOf(applyPeople(named, { merge: new Map([[2, 5]]), names: { 5: 'Eve' } }))).toEqual([
      [1, 'Ann'],
      [5, 'Eve'],
    ]);
    expect(namesOf(renamePeople(named, { 1: 'Bob' }))).toEqual([
      [1, 'Bob'],
      [2, undefined],
    ]);
  });

  it('keep the clearer of two faces that become one, and follow chains of merges to their end', () => {
    const both = frame(0, 0, [face(1, 'fear', { score: 0.5 }), face(2, 'anger', { score: 0.9 })]);
    expect(applyPeople(both, { merge: new Map([[2, 1]]) }).faces.map(({ label }) => label)).toEqual(['anger']);
    expect(parseMerges(['1=2', '2=3'])).toEqual(
      new Map([
        [1, 3],
        [2, 3],
      ]),
    );
    for (const wrong of ['1', '0=1', '1=x', '1=2=3']) expect(() => parseMerges([wrong])).toThrow(/write two face ids/);
    for (const circle of [['7=7'], ['1=2', '2=1'], ['1=2', '2=3', '3=1'], ['5=1', '1=2', '2=1']]) {
      expect(() => parseMerges(circle)).toThrow(/=.* is a circle/);
    }
    expect(() => parseMerges(['1=2', '1=3'])).toThrow(/--merge 1=3: face 1 is merged twice/);
  });
});

describe('ELAN', () => {
  it('fits the schema for any results, and with one name for two ids', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryResults, async (results) => {
        const dir = await annotated(results);
        expect(eafFaults(await readFile(join(dir, 'clip.eaf'), 'utf8'))).toEqual([]);
        const outputDir = join(dir, '../twins');
        const names = { 1: 'A & <B>', 2: 'A & <B>' };
        await convertAnnotation(join(dir, 'clip.jsonl'), { formats: ['elan'], outputDir, names });
        expect(eafFaults(await readFile(join(outputDir, 'clip.eaf'), 'utf8'))).toEqual([]);
      }),
      { numRuns: 8 },
    );
    const good = await readFile(join(await annotated(CLIP), 'clip.eaf'), 'utf8');
    // The check itself can fail.
    expect(eafFaults(good.replace('TIME_SLOT_REF1="ts1"', 'TIME_SLOT_REF1="ts99"'))).not.toEqual([]);
    expect(eafFaults(good.replace(/TIER_ID="Face 2"/, 'TIER_ID="Face 1"'))).not.toEqual([]);
    expect(eafFaults(good.replace(' VERSION="3.0"', ''))).not.toEqual([]);
  });

  it('has one tier per face, whose time slots are all declared', async () => {
    const text = await readFile(join(await annotated(CLIP), 'clip.eaf'), 'utf8');
    const all = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, group]) => group!);
    expect(all(/TIER_ID="([^"]*)"/g)).toEqual(['Face 1', 'Face 2']);
    const declared = new Set(all(/TIME_SLOT_ID="([^"]*)"/g));
    const used = all(/TIME_SLOT_REF\d="([^"]*)"/g);
    expect(used).toHaveLength(6);
    expect(used.every((slot) => declared.has(slot))).toBe(true);
    expect(new Set(all(/ANNOTATION_ID="([^"]*)"/g)).size).toBe(3);
    expect(all(/<ANNOTATION_VALUE>([^<]*)</g)).toEqual([
      'happiness 85 %',
      'fear 80 % (unusable)',
      'anger 80 % (unsure)',
    ]);
    expect(text).toMatch(/RELATIVE_MEDIA_URL="\.\.\//);
  });
});

describe('names of conversions', () => {
  const tables = ['csv', 'segments'];

  it('are those of the annotations, unless two would write the same file', () => {
    expect(conversionNames(['a/clip.jsonl', 'b/clip.jsonl', 'a/clip.jsonl'], undefined, tables)).toEqual([
      'clip',
      'clip',
      'clip',
    ]);
    expect(conversionNames(['a/clip.jsonl', 'a/clip.segments.jsonl'], 'out', ['csv'])).toEqual([
      'clip',
      'clip.segments',
    ]);
    expect(conversionNames(['a/clip.jsonl', 'a/clip.segments.jsonl'], 'out', tables)).toEqual([
      'clip.jsonl',
      'clip.segments.jsonl',
    ]);
    expect(() => conversionNames(['a/clip.jsonl', 'a/clip.segments.jsonl'], undefined, tables)).toThrow(
      /would both become clip.segments.csv/,
    );
  });
});

describe('the link to the footage', () => {
  /** The link of an ELAN file written to `<dir>/out`. */
  async function linkOf(dir: string, context: OutputContext, input: Partial<RunMetadata['input']>): Promise<string> {
    const metadata = { ...METADATA, input: { ...METADATA.input, ...input } };
    const writers = await openWriters(['jsonl', 'elan'], join(dir, 'out'), 'clip', metadata, context);
    for (const result of CLIP) await writers.write(result);
    await writers.finish({ ...GOOD, frames: CLIP.length });
    return linkIn(join(dir, 'out/clip.eaf'));
  }

  async function linkIn(path: string): Promise<string> {
    return / MEDIA_URL="([^"]*)"/.exec(await readFile(path, 'utf8'))?.[1] ?? '';
  }

  it('leads to where the footage is now', async () => {
    const dir = temporaryFolder();
    await mkdir(join(dir, 'moved'));
    await writeFile(join(dir, 'moved/clip.mp4'), 'footage');
    const hash = await identifyInput({ kind: 'file', path: join(dir, 'moved/clip.mp4') });
    const input = { name: 'elsewhere/clip.mp4', hash };
    expect(await linkOf(dir, { sourcePath: join(dir, 'clip.mp4') }, input)).toBe('../clip.mp4');
    const outputDir = join(dir, 'moved/out');
    await mkdir(outputDir);
    await copyFile(join(dir, 'out/clip.jsonl'), join(outputDir, 'clip.jsonl'));
    await convertAnnotation(join(outputDir, 'clip.jsonl'), { formats: ['elan'] });
    expect(await linkIn(join(outputDir, 'clip.eaf'))).toBe('../clip.mp4');
  });

  it('never leads to other footage of the same name, and no overlay is drawn on it', async () => {
    const dir = temporaryFolder();
    await linkOf(dir, { sourcePath: null }, { name: 'elsewhere/clip.mp4' });
    await writeFile(join(dir, 'clip.mp4'), 'another recording');
    const path = join(dir, 'out/clip.jsonl');
    await convertAnnotation(path, { formats: ['elan', 'html'], outputDir: join(dir, 'new') });
    expect(await linkIn(join(dir, 'new/clip.eaf'))).toBe('');
    await expect(convertAnnotation(path, { formats: ['overlay'] })).rejects.toMatchObject({
      code: 'INPUT_NOT_FOUND',
      message: expect.stringContaining('is not the footage that was annotated') as string,
    });
  });

  it('is left out of what is uploaded, except for a URL', async () => {
    const context = { sourcePath: '/v/clip.mp4', isUnlinked: true };
    expect(await linkOf(temporaryFolder(), context, {})).toBe('');
    const url = 'https://host/clip.mp4';
    expect(await linkOf(temporaryFolder(), context, { kind: 'url', name: url })).toBe(url);
  });
});

describe('TextGrid', () => {
  it('has intervals without gaps from 0 to the end of the last frame', async () => {
    const text = await readFile(join(await annotated(CLIP), 'clip.TextGrid'), 'utf8');
    for (const tier of text.split(/item \[\d+\]:/).slice(1)) {
      const intervals = [...tier.matchAll(/intervals \[\d+\]:\s+xmin = (\S+)\s+xmax = (\S+)/g)];
      const ends = intervals.map(([, , end]) => Number(end));
      expect(intervals.map(([, start]) => Number(start))).toEqual([0, ...ends.slice(0, -1)]);
      expect(ends.at(-1)).toBe(2);
    }
    expect(text).toContain('text = "anger?"');
  });
});

describe('Parquet', () => {
  it('holds the rows of CSV with their types, and the run', async () => {
    const dir = await annotated(CLIP);
    const file = await asyncBufferFromFile(join(dir, 'clip.parquet'));
    const rows = await parquetReadObjects({ file });
    const table = parse<Record<string, string>>(await readFile(join(dir, 'clip.csv')), { columns: true });
    const asText = rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? '' : String(value)])),
    );
    expect(asText).toEqual(table);
    expect(rows[0]).toMatchObject({ frame: 0, timestamp: 0, face_id: 1, label: 'happiness', trust: 'sure' });
    const metadata = await parquetMetadataAsync(file);
    expect(JSON.parse(metadata.key_value_metadata![0]!.value!)).toMatchObject({ type: 'run', ferstream: '0.0.0-test' });
  });
});

describe('tables of a batch', () => {
  it('combine all rows with their input, and sum up each face, with usable time apart', async () => {
    const one = await annotated(CLIP);
    const two = await annotated([frame(0, 0, [])], { ...METADATA, input: { ...METADATA.input, name: 'empty.mp4' } });
    const annotations = [join(one, 'clip.jsonl'), join(two, 'clip.jsonl')];
    await mkdir(join(one, 'out'));
    await writeCombined(annotations, join(one, 'out/combined.csv'));
    const summaries = [one, two].map((folder) => join(folder, 'clip.summary.json'));
    await writeBatchSummary(summaries, join(one, 'out/summary.csv'));
    const read = async (name: string): Promise<Record<string, string>[]> =>
      parse(await readFile(join(one, 'out', name)), { columns: true });
    expect((await read('combined.csv')).map(({ input, frame: index }) => `${input!} ${index!}`)).toEqual([
      ...['clip.mp4 0', 'clip.mp4 0', 'clip.mp4 1', 'clip.mp4 2', 'clip.mp4 3'],
      'empty.mp4 0',
    ]);
    expect(
      (await read('summary.csv')).map((row) => [row['input'], row['face_id'], row['seconds'], row['usable_seconds']]),
    ).toEqual([
      ['clip.mp4', '1', '1', '1'],
      ['clip.mp4', '2', '1', '0.5'],
      ['empty.mp4', '', '', ''],
    ]);
  });
});

describe('a baseline', () => {
  const footage = Array.from({ length: 40 }, (_, i) => frame(i, i / 10, [face(1, 'anger', { probability: 0.55 })]));

  it('adds expressions relative to the resting face to the plain ones, when annotating and when converting', async () => {
    const dir = join(temporaryFolder(), 'plain');
    const metadata = (baseline: string): RunMetadata => ({ ...METADATA, settings: { ...METADATA.settings, baseline } });
    const write = async (folder: string, baseline: 'off' | 'auto'): Promise<void> => {
      const open = () => openWriters(FORMATS, folder, 'clip', metadata(baseline), { sourcePath: null });
      const writers = await baselineWriters(baseline, open);
      for (const result of footage) await writers.write(result);
      await writers.finish({ ...GOOD, frames: footage.length });
    };
    await write(dir, 'off');
    // What cannot be written is refused before the first result.
    const taken = join(dir, 'clip.csv');
    await expect(
      baselineWriters('auto', () => openWriters(FORMATS, taken, 'clip', metadata('auto'), { sourcePath: null })),
    ).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
    await write(join(dir, '../with'), 'auto');
    const outputDir = join(dir, '../after');
    await convertAnnotation(join(dir, 'clip.jsonl'), { formats: FORMATS, outputDir, baseline: 'auto' });
    for (const name of await visible(outputDir)) {
      const made = await readFile(join(dir, '../with', name));
      expect((await readFile(join(outputDir, name))).equals(made), name).toBe(true);
    }
    const csv = parse<Record<string, string>>(await readFile(join(outputDir, 'clip.csv')), { columns: true });
    expect(csv[0]).toMatchObject({ label: 'anger', anger: '0.55', relative_label: 'neutral' });
    const lines = (await readFile(join(outputDir, 'clip.jsonl'), 'utf8')).trim().split('\n');
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ resting: { 1: { seconds: 3.9 } } });
    // And off again: the plain files.
    const back = join(dir, '../back');
    await convertAnnotation(join(outputDir, 'clip.jsonl'), { formats: FORMATS, outputDir: back, baseline: 'off' });
    for (const name of await readdir(dir)) {
      expect((await readFile(join(back, name))).equals(await readFile(join(dir, name))), name).toBe(true);
    }
  });
});
