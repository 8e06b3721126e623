import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GOOD, METADATA, arbitraryResults, face, frame } from '../../../test/output/support/results.js';
import { temporaryFolder } from '../../../test/output/support/media.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import { SRT, SRT_CUES, WEBVTT, WEBVTT_CUES, clockTime } from './subtitle-format.js';
import type { OutputFormat } from '../results/output-format.js';

async function fileOf(format: OutputFormat, results: readonly FrameResult[]): Promise<string> {
  const path = join(temporaryFolder(), `clip${format.ending}`);
  const writer = await format.open(path, METADATA, { sourcePath: null });
  for (const result of results) await writer.write(result);
  await writer.prepare(GOOD);
  await writer.commit();
  return readFile(path, 'utf8');
}

const HALF = { probability: 0.5, peak: 0.6, trust: 'sure' as const };

interface ParsedCue {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const VTT_TIME = String.raw`(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})`;

/** A WebVTT parser that accepts what the specification calls valid, and nothing else that matters here. */
function parseVtt(file: string): { notes: string[]; cues: ParsedCue[] } {
  const [header, ...blocks] = file.split(/\n{2,}/);
  expect(header).toMatch(/^WEBVTT([ \t].*)?$/);
  const notes: string[] = [];
  const cues: ParsedCue[] = [];
  for (const block of blocks.filter((text) => text !== '')) {
    const lines = block.split('\n').filter((line) => line !== '');
    if (lines[0]!.startsWith('NOTE')) {
      expect(block).not.toContain('-->');
      notes.push(block);
      continue;
    }
    expect(lines[0]).not.toContain('-->');
    const times = new RegExp(`^${VTT_TIME} --> ${VTT_TIME}$`)
      .exec(lines[1] ?? '')
      ?.slice(1)
      .map(Number);
    if (times === undefined) throw new Error(`no cue timings in ${JSON.stringify(block)}`);
    const payload = lines.slice(2);
    expect(payload).toHaveLength(1);
    expect(payload[0]).not.toMatch(/-->|<|&(?!amp;|lt;|gt;)/);
    cues.push({ start: toMilliseconds(times.slice(0, 4)), end: toMilliseconds(times.slice(4)), text: payload[0]! });
  }
  return { notes, cues };
}

function toMilliseconds([hours, minutes, seconds, milliseconds]: number[]): number {
  return ((hours! * 60 + minutes!) * 60 + seconds!) * 1000 + milliseconds!;
}

const CLIP = [
  ...Array.from({ length: 10 }, (_, index) => frame(index, index / 10, [face(1, 'happiness', { probability: 0.83 })])),
  ...Array.from({ length: 10 }, (_, index) => frame(10 + index, 1 + index / 10, [face(1, 'anger'), face(2, 'fear')])),
];

describe('WebVTT', () => {
  it('looks like this', async () => {
    expect(await fileOf(WEBVTT, CLIP)).toBe(
      'WEBVTT\n\nNOTE clip.mp4: ferstream 0.0.0-test, model face-api 1, engine wasm\n\n' +
        '1\n00:00:00.000 --> 00:00:01.000\nFace 1: happiness 83 %\n\n' +
        '2\n00:00:01.000 --> 00:00:02.000\nFace 1: anger 80 %\n\n' +
        '3\n00:00:01.000 --> 00:00:02.000\nFace 2: fear 80 %\n\n',
    );
  });

  it('is valid and ordered by start, for any results', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryResults, async (results) => {
        const { notes, cues } = parseVtt(await fileOf(WEBVTT, results));
        expect(notes).toHaveLength(1);
        expect(cues.length > 0).toBe(results.some(({ faces }) => faces.length > 0));
        for (const [index, { start, end }] of cues.entries()) {
          expect(start).toBeLessThan(end);
          expect(start).toBeGreaterThanOrEqual(cues[index - 1]?.start ?? 0);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('escapes what is not plain text', () => {
    const cue = WEBVTT_CUES.cue({ trackId: 1, label: 'a<b>\n\n--> &c', ...HALF, start: 1, end: 2 }, 1);
    expect(cue).toBe('1\n00:00:01.000 --> 00:00:02.000\nFace 1: a&lt;b&gt; --&gt; &amp;c 50 %\n\n');
    const header = WEBVTT_CUES.header({ ...METADATA, input: { ...METADATA.input, name: 'a --> b\n\nc.mp4' } });
    expect(parseVtt(header).notes).toEqual(['NOTE a -> b c.mp4: ferstream 0.0.0-test, model face-api 1, engine wasm']);
  });
});

describe('cues of an image folder', () => {
  it('name their file, one cue per image and face, and nothing in a name can end or forge a cue', async () => {
    const images = { ...METADATA, input: { ...METADATA.input, kind: 'images' as const } };
    const path = join(temporaryFolder(), 'images.vtt');
    const writer = await WEBVTT.open(path, images, { sourcePath: null });
    await writer.write({ ...frame(0, 0, [face(1, 'anger'), face(2, 'fear')]), file: 'a.png' });
    await writer.write({ ...frame(1, 1, [face(1, 'anger')]), file: 'b\u001b[31m\n\n00:00 --> 00:09\u202e.png' });
    await writer.write({ ...frame(2, 2, []), file: 'c.png', status: 'unreadable', problem: 'truncated' });
    await writer.prepare(GOOD);
    await writer.commit();
    const { cues } = parseVtt(await readFile(path, 'utf8'));
    expect(cues.map(({ start, end, text }) => [start, end, text])).toEqual([
      [0, 1000, 'a.png: Face 1: anger 80 %'],
      [0, 1000, 'a.png: Face 2: fear 80 %'],
      [1000, 2000, 'b [31m 00:00 --&gt; 00:09 .png: Face 1: anger 80 %'],
      [2000, 3000, 'c.png: unreadable (truncated)'],
    ]);
  });
});

describe('SRT', () => {
  it('looks like this', async () => {
    expect(await fileOf(SRT, CLIP)).toBe(
      '1\n00:00:00,000 --> 00:00:01,000\nFace 1: happiness 83 %\n\n' +
        '2\n00:00:01,000 --> 00:00:02,000\nFace 1: anger 80 %\n\n' +
        '3\n00:00:01,000 --> 00:00:02,000\nFace 2: fear 80 %\n\n',
    );
  });

  it('holds no tags', () => {
    const cue = SRT_CUES.cue({ trackId: 1, label: '<i>{\\an8}x', ...HALF, start: 1, end: 2 }, 1);
    expect(cue.split('\n')[2]).toBe('Face 1: (i)(\\an8)x 50 %');
  });
});

describe('clockTime', () => {
  it('writes hours, minutes, seconds and milliseconds', () => {
    expect(clockTime(0, '.')).toBe('00:00:00.000');
    expect(clockTime(((1 * 60 + 2) * 60 + 3) * 1000 + 4, ',')).toBe('01:02:03,004');
    expect(clockTime(360_000_000 + 59_999, '.')).toBe('100:00:59.999');
  });
});
