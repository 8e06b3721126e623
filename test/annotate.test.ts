import { execFile } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tf } from '../src/model/tfjs.js';
import { firstValueFrom, take, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FerError } from '../src/errors/fer-error.js';
import { findFfprobe } from '../src/ingest/ffmpeg/binaries.js';
import { expandInputs } from '../src/ingest/sources/expand-inputs.js';
import { Annotator, annotate, annotate$ } from '../src/stream/annotate/annotator.js';
import type { Input } from '../src/ingest/sources/frame-source.js';
import type { FrameResult } from '../src/stream/pipeline/frame-result.js';
import { useBundledFfmpeg } from './ingest/support/clips.js';
import { smallDemoClip } from './support/demo-clip.js';
import { processesMentioning } from './support/processes.js';
import { forgetAnswers, rememberNetworks } from './support/remembered-networks.js';
import { scratchDir } from './support/scratch.js';

const dir = await scratchDir();
const clip = join(dir, 'demo.mp4');
let annotator: Annotator;
let input: Input;
let results: FrameResult[];
let tensors: { readonly before: number; readonly after: number };

beforeAll(async () => {
  useBundledFfmpeg();
  rememberNetworks();
  await copyFile(await smallDemoClip(), clip);
  annotator = await Annotator.open();
  input = (await expandInputs([clip])).inputs[0]!;
  const before = tf.memory().numTensors;
  results = await collect(await annotator.annotate(input));
  tensors = { before, after: tf.memory().numTensors };
});
afterAll(() => {
  annotator.dispose();
});

async function collect(source: AsyncIterable<FrameResult>): Promise<FrameResult[]> {
  const all: FrameResult[] = [];
  for await (const result of source) all.push(result);
  return all;
}

async function presentationTimes(path: string): Promise<number[]> {
  const { path: ffprobe } = await findFfprobe();
  // pkt_pts_time is what builds before ffmpeg 5 call it.
  const entries = 'frame=pts_time,pkt_pts_time';
  const { stdout } = await promisify(execFile)(ffprobe, [
    '-v',
    'error',
    '-select_streams',
    'v:0',
    '-show_entries',
    entries,
    '-of',
    'json',
    path,
  ]);
  const { frames } = JSON.parse(stdout) as { frames: { pts_time?: string; pkt_pts_time?: string }[] };
  return frames.map(({ pts_time, pkt_pts_time }) => Number(pts_time ?? pkt_pts_time));
}

describe('the whole way, over footage with real faces', () => {
  it('answers every frame once, in order, at its presentation time', async () => {
    const times = await presentationTimes(clip);
    expect(results.map(({ index }) => index)).toEqual(times.map((_, index) => index));
    for (const [index, { timestamp }] of results.entries())
      expect(Math.abs(timestamp - times[index]!)).toBeLessThan(0.001);
  });

  it('finds every face, none where there is none, and tells the four people apart', () => {
    // The shots of the clip: one person, two others, nobody, the first again, a fourth.
    const ids = (from: number, to: number): number[][] =>
      results
        .filter(({ timestamp }) => timestamp >= from && timestamp < to)
        .map(({ faces }) => faces.map(({ trackId }) => trackId));
    expect(new Set(ids(0, 2.4).map(String))).toEqual(new Set(['1']));
    expect(new Set(ids(2.4, 4.8).map((pair) => pair.length))).toEqual(new Set([2]));
    expect(new Set(ids(4.8, 6).map(String))).toEqual(new Set(['']));
    expect(new Set(ids(6, 8).map(String))).toEqual(new Set(['1']));
    expect(new Set(ids(8, 9.6).map((faces) => faces.length))).toEqual(new Set([1]));
    expect(new Set(results.flatMap(({ faces }) => faces.map(({ trackId }) => trackId))).size).toBe(4);
  });

  it('gives each face a distribution over the labels of the model', () => {
    for (const { faces } of results) {
      for (const { probabilities, label, ambiguity } of faces) {
        expect(Object.keys(probabilities)).toEqual(annotator.labels);
        const values = Object.values(probabilities);
        expect(values.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
        expect(probabilities[label]).toBe(Math.max(...values));
        expect(ambiguity).toBeGreaterThanOrEqual(0);
        expect(ambiguity).toBeLessThanOrEqual(1);
      }
    }
  });

  it('stops ffmpeg when the loop is left or the Observable unsubscribed', async () => {
    for await (const result of await annotator.annotate(input)) if (result.index === 3) break;
    expect(await processesMentioning(clip)).toEqual([]);

    const annotation = await annotator.annotate(input);
    const first = await firstValueFrom(annotation.results$.pipe(take(5), toArray()));
    await annotation.settled;
    expect(first).toEqual(results.slice(0, 5));
    expect(await processesMentioning(clip)).toEqual([]);
  });

  it('says the same again to a slow consumer', async () => {
    const slow: FrameResult[] = [];
    for await (const result of await annotator.annotate(input)) {
      slow.push(result);
      if (slow.length === 12) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(slow).toEqual(results.slice(0, 12));
  });

  it('leaves no tensor behind, whether it ends or is left early', async () => {
    const { before, after } = tensors;
    expect(after).toBe(before);
    forgetAnswers();
    let seen = 0;
    for await (const result of await annotator.annotate(input)) if (result.index === 4 && ++seen > 0) break;
    expect(seen).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('names engine, model and settings in the metadata', async () => {
    const { metadata } = await annotator.annotate(input);
    expect(metadata.engine.backend).toBe(annotator.backend.name);
    expect(metadata.input.hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(metadata.model).toMatchObject({ name: 'default', labels: annotator.labels });
    expect(metadata.settings).toMatchObject({ detectEvery: 'auto', fps: null });
  });
});

describe('annotate', () => {
  it('is a one-liner, also with a part and a lower rate', async () => {
    const part = await collect(annotate(clip, { start: 1, end: 2, fps: 5, detectEvery: 2 }));
    expect(part).toHaveLength(5);
    for (const { timestamp, faces } of part) {
      expect(timestamp).toBeGreaterThanOrEqual(1);
      expect(timestamp).toBeLessThan(2);
      expect(faces).toHaveLength(1);
    }
  });

  it('exists as a cold Observable', async () => {
    const first = await firstValueFrom(annotate$(clip, { end: 0.5 }).pipe(toArray()));
    expect(first.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it('refuses what it does not know, naming what was probably meant', async () => {
    const misspelt = { detectevery: 2 } as object;
    await expect(collect(annotate(clip, misspelt))).rejects.toThrow(/"detectevery".*"detectEvery"/);
    await expect(collect(annotate(join(dir, 'missing.mp4')))).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
    await expect(collect(annotate(clip, { start: 3, end: 1 }))).rejects.toBeInstanceOf(FerError);
  });
});
