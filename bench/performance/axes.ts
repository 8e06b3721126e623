import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { windowOfLandmarks } from '../../src/ingest/face/align/geometry.js';
import { FaceFollower } from '../../src/ingest/face/face-follower.js';
import type { TrackedFace } from '../../src/ingest/face/track/track.js';
import type { Frame } from '../../src/ingest/frame.js';
import { openSource } from '../../src/ingest/sources/open-source.js';
import { isOnnxRuntimeInstalled } from '../../src/model/engines/onnxruntime.js';
import { Annotator } from '../../src/stream/annotate/annotator.js';
import { alignFace } from '../../src/ingest/face/align/align-face.js';
import { localEncoder } from '../../src/stream/pipeline/face-encoder.js';
import { loadNetworks } from '../../src/stream/pipeline/networks.js';
import { parsePipelineOptions } from '../../src/stream/pipeline/pipeline-settings.js';
import { buildFaceGrid } from '../face-grid.js';
import { buildPanningFace } from '../panning-face.js';
import { openStockChain } from '../stock-face-api.js';
import { markdownTable } from '../table.js';
import { crossTable, resultTable, takeTurns } from './contender.js';
import type { Contender, RoundOptions } from './contender.js';
import { annotateClip, clipOf, ffmpegAlone, overFrames } from './runs.js';
import type { Clip } from './runs.js';

/** What a section is measured with. */
export interface AxisContext extends RoundOptions {
  readonly frames: number;
  /** Folder for clips. */
  readonly scratch: string;
}

/** One section of the page. */
export interface Axis {
  readonly title: string;
  /** Says how to read the table. */
  readonly text: string;
  /** Left out unless it is named by `--only`. */
  readonly isSlow?: boolean;
  /** @returns a table in Markdown */
  measure(context: AxisContext): Promise<string>;
}

const FPS = 25;
const FOLDER = fileURLToPath(new URL('..', import.meta.url));

const engines = (): ('wasm' | 'onnxruntime')[] => (isOnnxRuntimeInstalled() ? ['wasm', 'onnxruntime'] : ['wasm']);

export const AXES: Readonly<Record<string, Axis>> = {
  steps: {
    title: 'Steps',
    text: 'One face, 640x480. Stock is face-api with TinyFaceDetector 320, 68 landmarks and expressions on every frame, decoding included. "Whole path" is from file to results.',
    measure: steps,
  },
  faces: {
    title: 'Faces',
    text: 'The whole path with default settings at 720p: frames/s (times stock). "finds": how many of the faces stock finds.',
    measure: faces,
  },
  resolution: {
    title: 'Resolution',
    text: 'The whole path with default settings, one face of a third of the height: frames/s (share of ffmpeg decoding alone). "Grain": noise as from a camera (16 Mbit/s).',
    measure: resolution,
  },
  workers: {
    title: 'Workers',
    text: 'Threads that encode faces, in addition to the main one, on wasm: frames/s (times those without).',
    measure: workers,
  },
  training: {
    title: 'Training',
    text: 'A training step of the compact residual net (`npm run bench:training`).',
    measure: training,
  },
  length: {
    title: 'Length',
    text: '640x480, one face, two workers: time per frame by minute of footage, and resident memory after garbage collection.',
    isSlow: true,
    measure: length,
  },
};

async function steps(context: AxisContext): Promise<string> {
  const { frames, scratch } = context;
  const clip = await clipOf(await buildPanningFace(join(scratch, 'steps.mp4'), { seconds: frames / FPS }), frames);
  const contenders: Contender[] = [
    await stockContender(clip, ['stock face-api', 'wasm']),
    contender(['decode', ''], clip, (most) => overFrames(clip, () => Promise.resolve(null), most)),
  ];
  return withDisposal(async (opened) => {
    for (const backend of engines()) {
      const networks = await opened(loadNetworks(parsePipelineOptions({ backend })));
      const seen: { frame: Frame; faces: TrackedFace[] }[] = [];
      const follower = new FaceFollower(networks.faces);
      for await (const frame of (await openSource(clip.input)).frames()) {
        seen.push({ frame, faces: await follower.update(frame) });
        if (seen.length >= 20) break;
      }
      const inMemory = (
        name: string,
        work: (frame: Frame, faces: readonly TrackedFace[]) => Promise<unknown>,
      ): void => {
        contenders.push(
          contender([name, backend], clip, async (most = Infinity) => {
            const some = seen.slice(0, most);
            const began = performance.now();
            for (const { frame, faces: found } of some) await work(frame, found);
            return { perFrame: (performance.now() - began) / some.length, faces: null };
          }),
        );
      };
      inMemory('detect', (frame) => networks.faces.detector.detect(frame));
      inMemory('landmarks', (frame, found) =>
        networks.faces.landmarks.locate(
          frame,
          found.map(({ landmarks }) => windowOfLandmarks(landmarks)),
        ),
      );
      const encoder = localEncoder(networks.model);
      inMemory('align and encode', (frame, found) =>
        encoder.encode(found.map(({ landmarks }) => alignFace(frame, landmarks, networks.model.crop))),
      );
      for (const [name, options] of [
        ['whole path, detecting every frame, one thread', { detectEvery: 1, workers: 0 }],
        ['whole path, one thread', { workers: 0 }],
        ['whole path', {}],
      ] as const)
        contenders.push(annotating([name, backend], clip, await opened(Annotator.open({ backend, ...options }))));
    }
    return resultTable(await takeTurns(contenders, context), ['step', 'engine'], 'times stock');
  });
}

const FACES = [1, 2, 4, 9, 25] as const;

async function faces(context: AxisContext): Promise<string> {
  const { frames, scratch } = context;
  const contenders: Contender[] = [];
  return withDisposal(async (opened) => {
    const annotators = await Promise.all(
      engines().map(async (backend) => ({ backend, annotator: await opened(Annotator.open({ backend })) })),
    );
    for (const count of FACES) {
      const some = Math.min(frames, Math.max(16, Math.round((frames * 4) / count)));
      const clip = await clipOf(
        await buildFaceGrid(join(scratch, `faces-${count}.mp4`), count, { frames: some }),
        some,
      );
      contenders.push(await stockContender(clip, [String(count), 'stock, wasm'], Math.max(4, Math.round(24 / count))));
      for (const { backend, annotator } of annotators)
        contenders.push(annotating([String(count), backend], clip, annotator));
    }
    return crossTable(await takeTurns(contenders, context), 'faces');
  });
}

const PICTURES = [
  { height: 360, name: '360p' },
  { height: 720, name: '720p' },
  { height: 1080, name: '1080p' },
  { height: 1080, name: '1080p, grain', grain: true },
  { height: 2160, name: '4K' },
];

async function resolution(context: AxisContext): Promise<string> {
  const { frames, scratch } = context;
  const contenders: Contender[] = [];
  return withDisposal(async (opened) => {
    const annotators = await Promise.all(
      engines().map(async (backend) => ({ backend, annotator: await opened(Annotator.open({ backend })) })),
    );
    for (const { name, ...picture } of PICTURES) {
      const grid = { frames, share: 0.35, ...picture };
      const clip = await clipOf(await buildFaceGrid(join(scratch, `${name}.mp4`), 1, grid), frames);
      contenders.push({
        ...contender([name, 'ffmpeg alone'], clip, () => ffmpegAlone(clip)),
        isReference: true,
      });
      for (const { backend, annotator } of annotators) contenders.push(annotating([name, backend], clip, annotator));
    }
    return crossTable(await takeTurns(contenders, context), 'picture');
  });
}

async function workers(context: AxisContext): Promise<string> {
  const { frames, scratch } = context;
  const few = Math.max(16, Math.round(frames / 3));
  const clips = [
    ['640x480, 1 face', await buildPanningFace(join(scratch, 'workers.mp4'), { seconds: frames / FPS }), frames],
    ['720p, 9 faces', await buildFaceGrid(join(scratch, 'workers-9.mp4'), 9, { frames: few }), few],
  ] as const;
  const contenders: Contender[] = [];
  return withDisposal(async (opened) => {
    for (const count of [0, 1, 2]) {
      const annotator = await opened(Annotator.open({ backend: 'wasm', workers: count }));
      for (const [name, path, length_] of clips) {
        const one = annotating(
          [name, count === 1 ? '1 worker' : `${count === 0 ? 'no' : count} workers`],
          await clipOf(path, length_),
          annotator,
        );
        contenders.push({ ...one, isReference: count === 0 });
      }
    }
    contenders.sort((a, b) => a.group.localeCompare(b.group));
    return crossTable(await takeTurns(contenders, context), 'clip');
  });
}

async function training({ rounds }: AxisContext): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...process.execArgv, join(FOLDER, 'training-step.ts'), '--rounds', String(rounds)],
    { maxBuffer: 2 ** 24 },
  );
  return stdout.trim();
}

/** Minutes of footage that a row tells of. */
const MINUTES = [1, 5, 10, 20];

async function length({ scratch, deadline }: AxisContext): Promise<string> {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const clip = await clipOf(
    await buildPanningFace(join(scratch, 'long.mp4'), { seconds: Math.max(...MINUTES) * 60 }),
    0,
  );
  return withDisposal(async (opened) => {
    const rows: string[][] = [];
    for (const [i, backend] of engines().entries()) {
      const annotator = await opened(Annotator.open({ backend, workers: 2 }));
      const ends = performance.now() + (deadline - performance.now()) / (engines().length - i);
      let [minute, frames, began] = [0, 0, performance.now()];
      for await (const { timestamp } of await annotator.annotate(clip.input)) {
        frames += 1;
        if (timestamp < (minute + 1) * 60 - 0.5 / FPS) continue;
        minute += 1;
        const perFrame = (performance.now() - began) / frames;
        collectGarbage();
        const resident = process.memoryUsage.rss() / 2 ** 20;
        const isLast = performance.now() > ends;
        if (MINUTES.includes(minute) || isLast)
          rows.push([backend, String(minute), perFrame.toFixed(1), resident.toFixed(0)]);
        if (isLast) break;
        [frames, began] = [0, performance.now()];
      }
    }
    return markdownTable(['engine', 'minute', 'ms/frame in it', 'MB after it'], rows);
  });
}

function contender(labels: readonly string[], clip: Clip, run: Contender['run']): Contender {
  return { labels, group: clip.path, run };
}

function annotating(labels: readonly string[], clip: Clip, annotator: Annotator): Contender {
  return contender(labels, clip, (most) => annotateClip(annotator, clip, most));
}

let stock: ReturnType<typeof openStockChain> | null = null;

async function stockContender(clip: Clip, labels: readonly string[], frames = Infinity): Promise<Contender> {
  const count = await (stock ??= openStockChain());
  return {
    ...contender(labels, clip, (most = frames) => overFrames(clip, count, Math.min(most, frames), { rgb: true })),
    isReference: true,
  };
}

/** Disposes what was opened when the work is done. */
async function withDisposal<T>(
  work: (opened: <D extends { dispose(): void }>(one: Promise<D>) => Promise<D>) => Promise<T>,
): Promise<T> {
  const held: { dispose(): void }[] = [];
  try {
    return await work(async (one) => {
      const opened = await one;
      held.push(opened);
      return opened;
    });
  } finally {
    for (const one of held) one.dispose();
  }
}
