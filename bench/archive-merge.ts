/*
 * What it costs to merge the segments of an input with one face in every frame: npx tsx bench/archive-merge.ts [minutes]. The segments are
 * invented, the footage is a test picture at 25 frames a second, and the outputs are JSONL and CSV.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Segment } from '../src/archive/queue/archive-job.js';
import { mergeSegments } from '../src/archive/segments/merge-segments.js';
import { segmentPath, writeSegment } from '../src/archive/segments/segment-file.js';
import { findFfmpeg } from '../src/ingest/ffmpeg/binaries.js';
import { parseAnnotateOptions } from '../src/stream/pipeline/pipeline-settings.js';
import type { FrameResult } from '../src/stream/pipeline/frame-result.js';
import type { RunMetadata } from '../src/stream/results/annotation-schema.js';

const RATE = 25;
const SEGMENT = 600;
const OVERLAP = { before: 10, after: 3 };
const LABELS = ['neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust', 'fear', 'contempt'];

/** As many bytes as a real face: 68 landmarks, 8 classes. */
function frameAt(index: number): FrameResult {
  const place = (n: number): number => Number((200 + 50 * Math.sin(index / 40 + n)).toFixed(1));
  const face = {
    trackId: 1,
    box: { x: place(0) + 0.16, y: place(1) + 0.52, width: 172.97, height: 172.97 },
    ...{ score: 0.94489, evidence: 'followed' },
    quality: { size: 72.9, sharpness: 1, yaw: 0.5, roll: -2, pitch: -3.9, overall: 1, eyesVisible: 0.997, mouthVisible: 0.997 }, // prettier-ignore
    ...{ eyeOpening: 0.321, mouthOpening: 0.02 },
    landmarks: Array.from({ length: 68 }, (_, n) => ({ x: place(n), y: place(n + 1) })),
    probabilities: Object.fromEntries(LABELS.map((label, n) => [label, n === 0 ? 0.99539 : 0.00066])),
    ...{ label: 'neutral', ambiguity: 0.00327, certainty: 0.997, trust: 'sure' },
  };
  const timestamp = Math.round((1e6 * index) / RATE) / 1e6;
  return { index, timestamp, width: 640, height: 360, status: 'ok', faces: [face] } as unknown as FrameResult;
}

async function* framesOf(from: number, to: number): AsyncGenerator<FrameResult> {
  await Promise.resolve();
  for (let index = Math.round(from * RATE); index < Math.round(to * RATE); index += 1) yield frameAt(index);
}

async function main(minutes: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ferstream-merge-'));
  try {
    const seconds = 60 * minutes;
    const path = join(folder, 'footage.mp4');
    const { path: ffmpeg } = await findFfmpeg();
    execFileSync(ffmpeg, ['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=size=64x48:rate=${RATE}:duration=${seconds}`, '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', path]); // prettier-ignore
    const input = { kind: 'file', path, name: path } as const;
    const { backend: _, ...settings } = parseAnnotateOptions({ model: 'face-api' });
    const metadata = {
      ...{ schemaVersion: 1, ferstream: '0', node: '0', ffmpeg: null, detector: 'stub', settings },
      input: { ...input, hash: null, container: null, codec: null, duration: seconds, expectedFrames: seconds * RATE },
      engine: { backend: 'stub', tfjs: '0', device: null },
      model: { name: 'stub', version: '0', labels: LABELS },
    } as unknown as RunMetadata;
    const count = Math.max(2, Math.round(seconds / SEGMENT));
    const segments: Segment[] = [];
    for (let i = 0; i < count; i += 1) {
      const [start, end] = [(i * seconds) / count, ((i + 1) * seconds) / count];
      const [from, until] = [Math.max(0, start - OVERLAP.before), Math.min(seconds, end + OVERLAP.after)];
      const segment = { index: String(i), from: i === 0 ? null : from, start: i === 0 ? null : start, end: i === count - 1 ? null : end, until: i === count - 1 ? null : until }; // prettier-ignore
      segments.push(segment);
      await writeSegment(segmentPath(folder, 'id', segment.index), metadata, framesOf(from, until), () => ({
        ...{ frames: Math.round((until - from) * RATE), decodeErrors: 0, degraded: false, note: null, people: [] },
      }));
    }
    const job = { input, hash: null, outputDir: folder, name: 'footage', formats: ['jsonl', 'csv'], settingsHash: '' };
    const began = performance.now();
    const used = process.cpuUsage();
    const { outcome } = await mergeSegments(job, 'id', segments, parseAnnotateOptions({ model: 'face-api' }), folder);
    const took = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(used);
    const { size } = await stat(join(folder, 'footage.jsonl'));
    const perHour = 60 / minutes;
    console.log(`${minutes} minutes, ${segments.length} segments, ${outcome.frames} frames, ${(size / outcome.frames).toFixed(0)} bytes a frame`); // prettier-ignore
    console.log(`merging: ${took.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of CPU); an hour: ${(took * perHour).toFixed(1)} s (${(((user + system) / 1e6) * perHour).toFixed(1)} s of CPU), JSONL ${((size * perHour) / 1e6).toFixed(0)} MB, memory ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`); // prettier-ignore
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main(Number(process.argv[2] ?? 60));
