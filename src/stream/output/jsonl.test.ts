import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FerError } from '../../errors/fer-error.js';
import { GOOD, METADATA, arbitraryResults, face, frame } from '../../../test/output/support/results.js';
import { temporaryFolder } from '../../../test/output/support/media.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import { annotationJsonSchema } from '../results/annotation-schema.js';
import type { AnnotationLine } from '../results/annotation-schema.js';
import { endText, frameText, roundedResult, runText } from '../results/jsonl-text.js';
import type { BaselineChoice } from '../results/resting-face.js';
import { baselineWriters } from './baseline-writers.js';
import { JSONL, streamWriter } from './jsonl.js';
import { readAnnotation } from '../results/read-annotation.js';

const SCHEMA_FILE = join(import.meta.dirname, '../../../docs/schema/annotation.schema.json');

async function written(results: readonly FrameResult[]): Promise<string> {
  const path = join(temporaryFolder(), 'clip.jsonl');
  const writer = await JSONL.open(path, METADATA, { sourcePath: null });
  for (const result of results) await writer.write(result);
  await writer.prepare({ ...GOOD, frames: results.length });
  await writer.commit();
  return path;
}

async function readAll(path: string): Promise<AnnotationLine[]> {
  const lines: AnnotationLine[] = [];
  for await (const line of readAnnotation(path)) lines.push(line);
  return lines;
}

async function refusal(text: string): Promise<FerError> {
  const path = join(temporaryFolder(), 'bad.jsonl');
  await writeFile(path, text);
  const error: unknown = await readAll(path).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(FerError);
  return error as FerError;
}

describe('JSONL into a stream', () => {
  async function streamed(baseline: BaselineChoice): Promise<unknown[]> {
    const stream = new PassThrough();
    const writers = await baselineWriters(baseline, () => Promise.resolve(streamWriter(stream, METADATA)));
    await writers.write(frame(0, 0, [face(1, 'happiness')]));
    await writers.finish({ ...GOOD, frames: 1 });
    const lines = (await text(stream.end())).trim().split('\n');
    return lines.map((line) => (JSON.parse(line) as { type: unknown }).type);
  }

  it.each(['off', 'auto'] as const)('has one line for the run (baseline %s)', async (baseline) => {
    expect(await streamed(baseline)).toEqual(['run', 'frame', 'end']);
  });

  it('has it also without frames', async () => {
    const stream = new PassThrough();
    await streamWriter(stream, METADATA).finish(GOOD);
    expect(await text(stream.end())).toBe(runText(METADATA) + endText(GOOD));
  });
});

describe('the annotation as JSONL', () => {
  it('reads back what was written, to the written precision', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryResults, async (results) => {
        const [run, ...rest] = await readAll(await written(results));
        const end = rest.pop();
        expect(run).toEqual({ type: 'run', ...METADATA });
        expect(end).toEqual({ type: 'end', ...GOOD, frames: results.length });
        expect(rest).toEqual(results.map((result) => ({ type: 'frame', ...roundedResult(result) })));
      }),
      { numRuns: 25 },
    );
  });

  it('rounds without float noise and never by more than half a unit', () => {
    fc.assert(
      fc.property(arbitraryResults, (results) => {
        for (const result of results) {
          const line = roundedResult(result);
          expect(Math.abs(line.timestamp - result.timestamp)).toBeLessThan(5.1e-7);
          expect(frameText(result)).not.toMatch(/\.\d{7,}/);
          for (const [index, { box, probabilities }] of line.faces.entries()) {
            const exact = result.faces[index]!;
            expect(Math.abs(box.x - exact.box.x)).toBeLessThan(0.00501);
            const sum = Object.values(probabilities).reduce((total, value) => total + value, 0);
            expect(Math.abs(sum - 1)).toBeLessThan(1e-4);
          }
        }
      }),
      { numRuns: 50 },
    );
    expect(frameText(frame(0, 0.1 + 0.2, []))).toContain('"timestamp":0.3,');
  });

  it('is described by the JSON Schema in docs', async () => {
    await expect(`${JSON.stringify(annotationJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(SCHEMA_FILE);
  });

  it('writes lines that fit the JSON Schema file, which rejects others', async () => {
    const schema = z.fromJSONSchema(
      JSON.parse(await readFile(SCHEMA_FILE, 'utf8')) as Parameters<typeof z.fromJSONSchema>[0],
    );
    const [results] = fc.sample(
      arbitraryResults.filter((list) => list.some(({ faces }) => faces.length > 0)),
      { numRuns: 1, seed: 1 },
    );
    const lines = (await readFile(await written([...results!, frame(99, 1e4, [face(1, 'fear')])]), 'utf8'))
      .trimEnd()
      .split('\n');
    for (const line of lines) expect(schema.safeParse(JSON.parse(line)).error).toBeUndefined();
    const good = { type: 'frame', ...frame(0, 0, [face(1, 'fear')]) };
    expect(schema.safeParse(good).success).toBe(true);
    expect(schema.safeParse({ ...good, status: 'fine' }).success).toBe(false);
    expect(schema.safeParse({ ...good, timestamp: '0' }).success).toBe(false);
    expect(schema.safeParse({ ...good, faces: [{ ...face(1, 'fear'), ambiguity: 2 }] }).success).toBe(false);
  });

  it('ignores fields it does not know, which later releases may add', async () => {
    const path = join(temporaryFolder(), 'new.jsonl');
    const line = JSON.stringify({ type: 'frame', ...frame(0, 0, []), mood: 'new' });
    await writeFile(path, `${runText(METADATA)}${line}\n${endText({ ...GOOD, frames: 1 })}`);
    expect((await readAll(path))[1]).toEqual({ type: 'frame', ...frame(0, 0, []) });
  });
});

it('reads lines with any names, and without landmarks on request', async () => {
  const path = join(temporaryFolder(), 'odd.jsonl');
  const name = 'a\u2028b","landmarks":[{"x":1';
  const faces = [face(1, 'happiness'), face(2, 'neutral')].map((one) => ({
    ...one,
    name,
    landmarks: [
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ],
  }));
  const text = runText(METADATA) + frameText(frame(0, 0, faces)) + endText({ ...GOOD, frames: 1 });
  await writeFile(path, text.replaceAll('\n', '\r\n'));
  const points: number[][] = [];
  for (const landmarks of [true, false])
    for await (const line of readAnnotation(path, { landmarks }))
      if (line.type === 'frame') {
        expect(line.faces.map((one) => one.name)).toEqual([name, name]);
        expect(line.faces.map((one) => one.label)).toEqual(faces.map((one) => one.label));
        points.push(line.faces.map((one) => one.landmarks.length));
      }
  expect(points).toEqual([
    [2, 2],
    [0, 0],
  ]);
});

describe('readAnnotation refuses', () => {
  const run = runText(METADATA);
  const one = frameText(frame(0, 0, []));
  const end = endText({ ...GOOD, frames: 1 });

  it('another schema version, for its version', async () => {
    const error = await refusal(run.replace('"schemaVersion":1', '"schemaVersion":2').replace('"wasm"', '7'));
    expect(error.code).toBe('ANNOTATION_INVALID');
    expect(error.message).toMatch(/bad\.jsonl line 1 has schema version 2; this ferstream reads version 1/);
  });

  it.each([
    ['a file that is not JSON', 'frame,timestamp\n', /line 1 is not JSON/],
    ['JSON that is not an annotation', '{"a":1}\n', /line 1 does not fit the schema/],
    [
      'a wrong field, by name',
      run + one.replace('"no-face"', '"fine"') + end,
      /line 2 does not fit the schema at status/,
    ],
    ['frames before the run line', one + run + end, /line 1 is a "frame" line; the "run" line comes first/],
    ['a second run line', run + run, /line 2 is a "run" line/],
    ['a file that is truncated', run + one, /is truncated/],
    ['an empty file', '', /is truncated/],
    ['lines after the end', run + one + end + one, /line 4 comes after the "end" line/],
    ['a wrong count', run + one + one + end, /contains 2 frames, but its end line counts 1/],
  ])('%s', async (_what, text, message) => {
    const error = await refusal(text);
    expect(error.code).toBe('ANNOTATION_INVALID');
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });

  it('a file that is not there', async () => {
    await expect(readAll(join(temporaryFolder(), 'none.jsonl'))).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
  });
});
