import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { findFfmpeg, findFfprobe } from '../../../src/ingest/index.js';
import type { FfmpegBinary } from '../../../src/ingest/index.js';

const require = createRequire(import.meta.url);

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'ferstream-output-'));
}

/** The one that would be used here, and the old build that a machine without ffmpeg gets. */
export async function ffmpegs(): Promise<{ name: string; ffmpeg: Pick<FfmpegBinary, 'path' | 'frameSync'> }[]> {
  const found = await findFfmpeg();
  const bundled = (require('@ffmpeg-installer/ffmpeg') as { path: string }).path;
  const list = [{ name: found.version, ffmpeg: { path: found.path, frameSync: found.frameSync } }];
  if (found.path !== bundled) list.push({ name: 'the bundled build', ffmpeg: { path: bundled, frameSync: '-vsync' } });
  return list;
}

export async function runFfmpeg(args: readonly string[]): Promise<void> {
  const { path } = await findFfmpeg();
  execFileSync(path, ['-v', 'error', '-nostdin', '-y', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Presentation times of all video frames in seconds, from the container. */
export async function frameTimes(path: string): Promise<number[]> {
  const text = await probe(['-select_streams', 'v:0', '-show_entries', 'frame=best_effort_timestamp_time', '-of', 'csv=p=0', path]);
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

/** A frame as raw RGB. */
export async function rgbFrame(path: string, index: number, size: { width: number; height: number }): Promise<(x: number, y: number) => [number, number, number]> {
  const { path: ffmpeg } = await findFfmpeg();
  const args = ['-v', 'error', '-nostdin', '-i', path, '-vf', `select=eq(n\\,${index})`, '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];
  const data = execFileSync(ffmpeg, args, { maxBuffer: 1 << 28 });
  if (data.length !== size.width * size.height * 3) throw new Error(`${path}: frame ${index} has ${data.length} bytes, not ${size.width}x${size.height}x3`);
  return (x, y) => {
    const at = (y * size.width + x) * 3;
    return [data[at]!, data[at + 1]!, data[at + 2]!];
  };
}

async function probe(args: readonly string[]): Promise<string> {
  const { path } = await findFfprobe();
  return execFileSync(path, ['-v', 'error', ...args], { encoding: 'utf8' });
}
