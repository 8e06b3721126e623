import { mkdtempSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, vi } from 'vitest';
import * as binaries from '../../../src/ingest/ffmpeg/binaries.js';
import { findFfmpeg, findFfprobe, runProcess } from '../../../src/ingest/ffmpeg/binaries.js';
import type { Frame } from '../../../src/ingest/frame.js';
import { toRgb } from '../../../src/ingest/frame.js';
import type { FrameSource } from '../../../src/ingest/sources/frame-source.js';

/** A folder of this test file, removed when its tests are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ferstream-ingest-'));
  // A process that was killed just now may still write.
  afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));
  return folder;
}

/** For a test file about something else: the build that npm brings starts in a tenth of the time. `set-up.ts` puts this back. */
export function useBundledFfmpeg(): void {
  const require = createRequire(import.meta.url);
  for (const [name, variable] of [
    ['ffmpeg', 'FFMPEG_PATH'],
    ['ffprobe', 'FFPROBE_PATH'],
  ] as const)
    process.env[variable] = (require(`@${name}-installer/${name}`) as { path: string }).path;
}

/**
 * Until the end of the test file, ffprobe answers a question about a file once. For tests that open the same files again and again, which must not
 * change: each start of a usual build takes a tenth of a second.
 */
function rememberProbes(): void {
  const run = binaries.runProcess;
  const answers = new Map<string, ReturnType<typeof run>>();
  vi.spyOn(binaries, 'runProcess').mockImplementation((program, args, ...more) => {
    if (!basename(program).startsWith('ffprobe')) return run(program, args, ...more);
    const key = [program, ...args].join('\n');
    const answer = answers.get(key) ?? run(program, args, ...more);
    answers.set(key, answer);
    return answer;
  });
}

/** Where tests run with several ffmpegs: the one that makes their files, and the files made so far. */
let maker: { readonly program: string; readonly made: Map<string, Buffer> } | null = null;

/** Runs ffmpeg with these arguments (the last one is the output, returned) and insists that it works. */
export async function make(...args: string[]): Promise<string> {
  const output = args.at(-1)!;
  // Made of the same: inputs have the same name in a folder of another name.
  const key = [...args.slice(0, -1), basename(output)].join('\n').replaceAll(dirname(output), '');
  const known = maker?.made.get(key);
  if (known !== undefined) {
    await writeFile(output, known);
    return output;
  }
  const program = maker?.program ?? (await findFfmpeg()).path;
  const { exitCode, stderr } = await runProcess(program, ['-nostdin', '-v', 'error', '-y', ...args], 120_000);
  if (exitCode !== 0) throw new Error(`ffmpeg ${args.join(' ')}: ${stderr}`);
  maker?.made.set(key, await readFile(output));
  return output;
}

/** Input arguments for a moving test picture. */
export function moving(size = '160x120', rate: number | string = 25, duration = 2): string[] {
  return ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${duration}`];
}

/** Output arguments for small H.264 with B-frames. */
export const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-bf', '3', '-g', '25'];

/** Presentation times of all frames in seconds, as ffprobe decodes them. */
export async function truth(path: string): Promise<number[]> {
  const { path: ffprobe } = await findFfprobe();
  const args = ['-v', 'quiet', '-select_streams', 'V:0', '-show_entries', 'frame=pts_time', '-of', 'json', path];
  const { stdout } = await runProcess(ffprobe, args, 120_000);
  const { frames } = JSON.parse(stdout) as { frames: { pts_time?: string }[] };
  return frames.map((frame) => Number(frame.pts_time));
}

/** The same as the container gives them, without those that an edit list hides: nothing is decoded. */
export async function packetTimes(path: string): Promise<number[]> {
  const { path: ffprobe } = await findFfprobe();
  const args = ['-v', 'quiet', '-select_streams', 'V:0', '-show_entries', 'packet=pts_time,flags', '-of', 'json', path];
  const { packets } = JSON.parse((await runProcess(ffprobe, args, 120_000)).stdout) as { packets: { pts_time: string; flags: string }[] }; // prettier-ignore
  const shown = packets.filter(({ flags }) => !flags.includes('D'));
  return shown.map((packet) => Number(packet.pts_time)).sort((a, b) => a - b);
}

/** Frames that ffprobe counts by decoding. */
export async function countFrames(path: string): Promise<number> {
  return (await truth(path)).length;
}

export async function collect(source: FrameSource, signal?: AbortSignal): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of source.frames(signal)) frames.push(frame);
  return frames;
}

/** Mean RGB of a rectangle given in parts of the frame. */
export function meanColour(
  frame: Frame,
  left: number,
  top: number,
  right: number,
  bottom: number,
): [number, number, number] {
  const rgb = toRgb(frame);
  const sum = [0, 0, 0];
  let count = 0;
  for (let y = Math.floor(top * frame.height); y < Math.floor(bottom * frame.height); y++) {
    for (let x = Math.floor(left * frame.width); x < Math.floor(right * frame.width); x++) {
      for (let c = 0; c < 3; c++) sum[c]! += rgb[(y * frame.width + x) * 3 + c]!;
      count++;
    }
  }
  return [sum[0]! / count, sum[1]! / count, sum[2]! / count];
}

let encoders: string | null = null;

export async function hasEncoder(name: string): Promise<boolean> {
  encoders ??= (await runProcess((await findFfmpeg()).path, ['-hide_banner', '-encoders'], 30_000)).stdout;
  return new RegExp(`^ V\\S+ ${name} `, 'm').test(encoders);
}

const found = await Promise.all([findFfmpeg(), findFfprobe()]);
/** Where the system has no programs, those of npm are what is found. */
const BUILDS = found.every(({ origin }) => origin === 'bundled')
  ? (['bundled'] as const)
  : (['found', 'bundled'] as const);

/** Runs the same tests with the ffmpeg that is found, and with the one that npm brings, which makes the files for both, once. */
export function describeWithEachFfmpeg(
  name: string,
  tests: (which: 'found' | 'bundled') => void,
  { filesChange = true } = {},
): void {
  if (!filesChange) beforeAll(rememberProbes);
  const { path: bundled } = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string };
  const own = { program: bundled, made: new Map<string, Buffer>() };
  describe.each(BUILDS)(`${name}, ffmpeg %s`, (which) => {
    const before = { ffmpeg: process.env['FFMPEG_PATH'], ffprobe: process.env['FFPROBE_PATH'] };
    beforeAll(() => {
      maker = own;
    });
    afterAll(() => {
      maker = null;
    });
    if (which === 'bundled') {
      beforeAll(async () => {
        // Without PATH and variables only the bundled programs are left to find, as on a machine without ffmpeg.
        delete process.env['FFMPEG_PATH'];
        delete process.env['FFPROBE_PATH'];
        const path = process.env['PATH'];
        process.env['PATH'] = '';
        try {
          process.env['FFMPEG_PATH'] = (await findFfmpeg()).path;
          process.env['FFPROBE_PATH'] = (await findFfprobe()).path;
        } finally {
          process.env['PATH'] = path;
        }
        if (process.env['FFMPEG_PATH'] !== bundled) throw new Error('the bundled ffmpeg was not the one found');
      });
      afterAll(() => {
        restore('FFMPEG_PATH', before.ffmpeg);
        restore('FFPROBE_PATH', before.ffprobe);
      });
    }
    tests(which);
  });
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) Reflect.deleteProperty(process.env, name);
  else process.env[name] = value;
}
