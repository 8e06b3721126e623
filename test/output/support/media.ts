import { execFile, execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFfmpeg, runProcess } from '../../../src/ingest/ffmpeg/binaries.js';
import { removeWithTestFile } from '../../support/temporary-folders.js';
import type { FfmpegBinary } from '../../../src/ingest/ffmpeg/binaries.js';

const require = createRequire(import.meta.url);

/** A new folder, removed when the test file has run. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ferstream-output-'));
  removeWithTestFile(folder);
  return folder;
}

/** The one that would be used here, and the old build that a machine without ffmpeg gets. */
export async function ffmpegs(): Promise<{ name: string; ffmpeg: Pick<FfmpegBinary, 'path' | 'frameSync'> }[]> {
  const found = await findFfmpeg();
  const bundled = bundledFfmpeg();
  const list = [{ name: found.version, ffmpeg: { path: found.path, frameSync: found.frameSync } }];
  if (found.path !== bundled) list.push({ name: 'the bundled build', ffmpeg: { path: bundled, frameSync: '-vsync' } });
  return list;
}

/** Makes a clip (the last argument) if it is not there yet, always with the same build, so that its options mean the same everywhere. */
export function makeMedia(...args: string[]): void {
  if (existsSync(args.at(-1)!)) return;
  execFileSync(bundledFfmpeg(), ['-v', 'error', '-nostdin', '-y', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function bundledFfmpeg(): string {
  return (require('@ffmpeg-installer/ffmpeg') as { path: string }).path;
}

/** Presentation times of all video frames in seconds, from the container. */
export async function frameTimes(path: string): Promise<number[]> {
  const text = await probe([
    '-select_streams',
    'v:0',
    '-show_entries',
    'frame=best_effort_timestamp_time',
    '-of',
    'csv=p=0',
    path,
  ]);
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => Number(line.split(',')[0]));
}

export interface StreamFacts {
  readonly codec_type: string;
  readonly codec_name: string;
  readonly width?: number;
  readonly height?: number;
  readonly pix_fmt?: string;
  readonly sample_aspect_ratio?: string;
  readonly start_time?: string;
  readonly duration?: string;
  readonly side_data_list?: unknown[];
}

export async function streams(path: string): Promise<StreamFacts[]> {
  const text = await probe(['-show_streams', '-of', 'json', path]);
  return (JSON.parse(text) as { streams: StreamFacts[] }).streams;
}

const decoded = new Map<string, Promise<Buffer>>();

/** A frame's pixels, by place. All frames are decoded at the first call, the video is taken not to change. */
export async function rgbFrame(
  path: string,
  index: number,
  size: { readonly width: number; readonly height: number },
): Promise<(x: number, y: number) => [red: number, green: number, blue: number]> {
  let frames = decoded.get(path);
  if (frames === undefined) decoded.set(path, (frames = decode(path)));
  const data = await frames;
  const length = size.width * size.height * 3;
  if (data.length % length !== 0 || data.length < (index + 1) * length) {
    throw new Error(`${path}: ${data.length} bytes are no ${index + 1} frames of ${size.width}x${size.height}`);
  }
  return (x, y) => {
    const at = index * length + (y * size.width + x) * 3;
    return [data[at]!, data[at + 1]!, data[at + 2]!];
  };
}

async function decode(path: string): Promise<Buffer> {
  const args = [
    '-v',
    'error',
    '-nostdin',
    '-i',
    path,
    '-vsync',
    'passthrough',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    'pipe:1',
  ];
  return (await promisify(execFile)(bundledFfmpeg(), args, { maxBuffer: 1 << 28, encoding: 'buffer' })).stdout;
}

/** The build that npm brings starts in a tenth of the time. */
async function probe(args: readonly string[]): Promise<string> {
  const { path } = require('@ffprobe-installer/ffprobe') as { path: string };
  const { exitCode, stdout, stderr } = await runProcess(path, ['-v', 'error', ...args], 120_000);
  if (exitCode !== 0) throw new Error(`ffprobe ${args.join(' ')}: ${stderr}`);
  return stdout;
}
