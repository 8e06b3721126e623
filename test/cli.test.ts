import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import { findFfmpeg } from '../src/ingest/ffmpeg/binaries.js';
import { builtFile } from './support/built-file.js';
import { useBundledFfmpeg } from './ingest/support/clips.js';
import { callFer } from './support/call-fer.js';
import { runFer, startFer } from './support/run-fer.js';
import type { RunningFer } from './support/run-fer.js';
import { processesMentioning } from './support/processes.js';
import { scratchDir } from './support/scratch.js';

const dir = await scratchDir();
const clip = join(dir, 'clip.mp4');
const long = join(dir, 'long.mp4');
/** Frames of it: enough that a process is at work on them when it is killed. */
const LONG = 50;
/** On one thread, with a small model, and without a search for faces turned by quarters: there is no face in these short clips. */
const BRIEF = ['--workers', '0', '--model', 'face-api', '--rotate', '0'];
const garbage = join(dir, 'garbage.mp4');
/** Where the first annotation goes, and those that follow it up. */
const out = join(dir, 'out');

/** A test picture without a face: what counts here is the command, not what it sees. */
async function makeClip(path: string, seconds: number): Promise<void> {
  const { path: ffmpeg } = await findFfmpeg();
  const source = `testsrc=size=160x120:rate=25:duration=${seconds}`;
  await promisify(execFile)(ffmpeg, ['-v', 'error', '-f', 'lavfi', '-i', source, '-pix_fmt', 'yuv420p', '-y', path]);
}

beforeAll(async () => {
  useBundledFfmpeg();
  await makeClip(clip, 0.4);
  await makeClip(long, LONG / 25);
  await writeFile(garbage, Buffer.alloc(20_000, 'not a video '));
});

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort();
}

/** Nothing answers there. */
const NO_QUEUE = ['--queue', 'redis://127.0.0.1:1'];

describe('fer', () => {
  it('explains itself', async () => {
    const { code, stdout } = await runFer(['--help']);
    expect(code).toBe(0);
    for (const command of ['annotate', 'dataset', 'demo', 'doctor', 'evaluate', 'experiment', 'train'])
      expect(stdout).toContain(command);
  });

  it.each([
    [['annotate', clip]],
    [['demo']],
    [['export', 'default']],
    [['experiment', join(dir, 'grid.json')]],
    [['dataset', 'prepare', `folders:${dir}/faces`]],
  ])('says at once that an output folder cannot be made, with exit code 3: %j', async (args) => {
    const grid = { base: {}, methods: {}, conditions: {}, seeds: [1] };
    await writeFile(join(dir, 'grid.json'), JSON.stringify(grid));
    await mkdir(join(dir, 'faces/train/happy'), { recursive: true });
    await writeFile(join(dir, 'faces/train/happy/a.png'), '');
    const { code, stderr } = await callFer([...args, '-o', join(clip, 'below')]);
    expect(stderr).toMatch(/^fer: cannot write .*\[OUTPUT_UNWRITABLE\]\n$/);
    expect(code).toBe(3);
  });

  it.each([
    [['annotate']],
    [['annotate', 'x.mp4', '--no-such-option']],
    [['annotate', 'x.mp4', '--format', 'jsonl,xml']],
    [['annotate', 'x.mp4', '--detect-every', 'often']],
    [['annotate', 'x.mp4', '--detect-every', '0']],
    [['annotate', 'x.mp4', '--start', '5', '--end', '2']],
    [['annotate', 'x.mp4', '--segment', '60']],
    [['annotate', 'x.mp4', '--priority', '10']],
    [['annotate', 'x.mp4', '--max-waiting', '5']],
    [['annotate', 'x.mp4', ...NO_QUEUE, '--segment', '-5']],
    [['annotate', 'x.mp4', ...NO_QUEUE, '--segment', '0.5']],
    [['annotate', 'x.mp4', ...NO_QUEUE, '--priority', '1.5']],
    [['annotate', 'x.mp4', ...NO_QUEUE, '--priority', '-1']],
    [['annotate', 'x.mp4', ...NO_QUEUE, '--max-waiting', '0']],
    [['annotate', 'x.mp4', ...NO_QUEUE, '--backend', 'wasm']],
    [['dataset', 'prepare', 'manifest:x', '--samples-per-job', '9']],
    [['dataset', 'prepare', 'manifest:x', ...NO_QUEUE, '--workers', '2']],
    [['experiment', 'grid.json', ...NO_QUEUE, '--backend', 'wasm']],
    [['experiment', 'grid.json', '--table', '--part', '1/2']],
    [['experiment', 'grid.json', '--table', ...NO_QUEUE]],
    [['export', 'faces', '--format', 'tfjs']],
    [['convert', 'clip.jsonl', '--format', 'csv', '--combine', './clip.jsonl']],
    [['audit', 'prepared:x', '--faces', 'detect']],
    [['no-such-command']],
  ])('answers %j with one line and exit code 2', async (args) => {
    const { code, stderr } = await callFer([...args, ...(args.length > 1 ? ['-o', join(dir, 'never')] : [])]);
    expect(code).toBe(2);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2); // commander may add "(Did you mean ...?)"
    expect(stderr).not.toContain('    at ');
  });

  it.each([
    [['worker', '--concurrency', '1.5'], 2, /--concurrency.* whole number/],
    [['worker', '--concurrency', '0'], 2, /--concurrency.* whole number/],
    [['worker', '--metrics-port', '99999'], 2, /--metrics-port.* from 1 to 65535/],
    [['worker', '--drain-timeout', '3000000'], 2, /--drain-timeout.* from 0 to 2147483/],
    [['annotate', '--inputs-from', '/no/such/list'], 1, /--inputs-from \/no\/such\/list: no such file/],
  ] as const)('checks %j before it connects to a queue', async (args, code, stderr) => {
    expect(await callFer([...args, ...NO_QUEUE])).toMatchObject({
      code,
      stderr: expect.stringMatching(stderr) as string,
    });
  });

  it.each([
    ['train', 'manifest:x'],
    ['experiment', 'GRID'],
  ])('%s computes on the engine that FERSTREAM_BACKEND names', async (...args) => {
    const grid = join(dir, 'grid.json');
    await writeFile(grid, JSON.stringify({ base: { data: 'manifest:x' }, methods: {}, conditions: {}, seeds: [1] }));
    const { code, stderr } = await callFer(
      [...args.map((arg) => arg.replace('GRID', grid)), '-o', join(dir, 'never')],
      {
        FERSTREAM_BACKEND: 'abacus',
      },
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/FERSTREAM_BACKEND.*"abacus"/);
  });

  it('annotates what it can, lists what failed, and says so in the exit code', async () => {
    const inputs = [join(dir, 'missing.mp4'), garbage, clip];
    const { code, stdout, stderr } = await runFer(['annotate', ...inputs, '-o', out, ...BRIEF]);
    expect(code).toBe(1);
    expect(stdout).toContain('2 of 3 inputs failed');
    expect(stderr).toMatch(/garbage\.mp4: .+/);
    expect(stderr).toMatch(/missing\.mp4: .+/);
    expect(await names(out)).toEqual(['.ferstream', 'clip.csv', 'clip.jsonl', 'clip.summary.json']);
    const rows = parse<Record<string, string>>(await readFile(join(out, 'clip.csv')), { columns: true });
    expect(rows).toHaveLength(10);
    expect(rows.every(({ success }) => success === '0')).toBe(true);
  });

  it('replaces files of others only when forced', async () => {
    const folder = join(dir, 'theirs');
    await mkdir(folder);
    await writeFile(join(folder, 'clip.csv'), 'theirs');
    const args = ['annotate', clip, '-o', folder, '--format', 'csv', ...BRIEF];
    const refused = await callFer(args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('clip.csv exists, and fer did not write it');
    expect(await readFile(join(folder, 'clip.csv'), 'utf8')).toBe('theirs');
    expect((await callFer([...args, '--force'])).code).toBe(0);
    // Ours from now on.
    expect((await callFer([...args, '--fps', '5'])).code).toBe(0);
    expect(await names(join(folder, '.ferstream'))).toEqual(['clip.json']);
  });

  it('skips finished inputs, unless forced or with other options', async () => {
    const args = ['annotate', clip, '-o', out, ...BRIEF];
    const written = (await stat(join(out, 'clip.csv'))).mtimeMs;
    const again = await callFer(args);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('done earlier');
    expect((await stat(join(out, 'clip.csv'))).mtimeMs).toBe(written);

    const other = await callFer([...args, '--fps', '5']);
    expect(other.stdout).not.toContain('done earlier');
    const forced = await callFer([...args, '--fps', '5', '--force']);
    expect(forced.stdout).not.toContain('done earlier');
    expect(parse(await readFile(join(out, 'clip.csv')), { columns: true })).toHaveLength(2);
  });

  it('makes one table of all inputs, whatever their formats', async () => {
    const [second, folder] = [join(dir, 'second.mp4'), join(dir, 'tables')];
    await makeClip(second, 0.2);
    const { code } = await callFer(['annotate', clip, second, '-o', folder, '-f', 'summary', '--combine', ...BRIEF]);
    expect(code).toBe(0);
    const inputs = async (name: string): Promise<Set<string>> => {
      const rows = parse<Record<string, string>>(await readFile(join(folder, name)), { columns: true });
      return new Set(rows.map(({ input }) => input!));
    };
    expect(await inputs('combined.csv')).toEqual(new Set([clip, second]));
    expect(await inputs('summary.csv')).toEqual(new Set([clip, second]));

    const args = ['annotate', clip, second, '-o', folder, '-f', 'summary', ...BRIEF];
    expect((await callFer(args)).code).toBe(0);
    await writeFile(join(folder, 'summary.csv'), 'theirs');
    const refused = await callFer(args);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('summary.csv exists, and fer did not write it');
    expect(await readFile(join(folder, 'summary.csv'), 'utf8')).toBe('theirs');
  });

  it('does not overwrite the results of another input of the same name', async () => {
    const namesake = join(dir, 'other', 'clip.mp4');
    await mkdir(join(dir, 'other'));
    await makeClip(namesake, 0.2);
    const before = await readFile(join(out, 'clip.csv'));
    const refused = await callFer(['annotate', namesake, '-o', out, ...BRIEF]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`contains the results of ${clip}`);
    expect(await readFile(join(out, 'clip.csv'))).toEqual(before);
  });

  it('keeps finished inputs on Ctrl-C or when killed, leaves nothing of the unfinished one, and resumes', async () => {
    const folder = join(dir, 'interrupted');
    const args = ['annotate', clip, long, '-o', folder, '-f', 'csv,jsonl', '--detect-every', '1', ...BRIEF];
    const started = async (): Promise<RunningFer> => {
      const run = startFer(args);
      await appears(
        folder,
        (files) => files.includes('clip.csv') && files.filter((name) => /^\.long\..*\.tmp-/.test(name)).length === 2,
      );
      return run;
    };
    const interrupted = await started();
    interrupted.child.kill('SIGINT');
    const { code, stderr } = await interrupted.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('interrupted at');
    expect(await names(folder)).toEqual(['.ferstream', 'clip.csv', 'clip.jsonl']);

    const killed = await started();
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect((await names(folder)).filter((name) => !name.startsWith('.'))).toEqual(['clip.csv', 'clip.jsonl']);
    await expect.poll(() => processesMentioning(long), { timeout: 60_000 }).toEqual([]);

    const again = await callFer(args);
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/clip\.mp4\s+done earlier/);
    expect(parse(await readFile(join(folder, 'long.csv')), { columns: true })).toHaveLength(LONG);
    expect(await names(folder)).toEqual(['.ferstream', 'clip.csv', 'clip.jsonl', 'long.csv', 'long.jsonl']);
  }, 240_000);

  it('reads standard input', async () => {
    const folder = join(dir, 'stdin');
    const { path: ffmpeg } = await findFfmpeg();
    const command = `"${ffmpeg}" -v error -i "${clip}" -c copy -f matroska - | "${process.execPath}" ${builtFile('src/cli/main.ts')} annotate - -o "${folder}" -f csv ${BRIEF.join(' ')}`;
    await promisify(execFile)('sh', ['-c', command]);
    expect(parse(await readFile(join(folder, 'stdin.csv')), { columns: true })).toHaveLength(10);
  });
});

const settle = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until a folder, which may not exist yet, has the expected names. */
async function appears(folder: string, wanted: (names: readonly string[]) => boolean): Promise<void> {
  while (!wanted(await names(folder).catch(() => []))) await settle(20);
}
