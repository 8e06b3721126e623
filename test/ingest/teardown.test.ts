import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { openFile } from '../../src/ingest/sources/open-source.js';
import { collect, make, moving, temporaryFolder } from './support/clips.js';
import { builtFile } from '../support/built-file.js';

const POSIX = process.platform !== 'win32';
if (!POSIX) console.warn('SKIPPED teardown tests that count processes: there is no "ps" here');

/** Process ids of the ffmpegs that a process has started. */
function ffmpegsOf(parent: number): number[] {
  const { stdout } = spawnSync('ps', ['-e', '-o', 'pid=,ppid=,stat=,comm='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, ppid, stat, name]) =>
        Number(ppid) === parent && stat?.startsWith('Z') === false && name?.startsWith('ffmpeg') === true,
    )
    .map(([pid]) => Number(pid));
}

/** Whether a process of that id is there. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether a process of that id runs: one that has ended may wait for somebody to ask how. */
function runs(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

async function until(condition: () => boolean | Promise<boolean>, seconds: number): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (await condition()) return true;
    await sleep(50);
  }
  return condition();
}

const folder = temporaryFolder();
const long = join(folder, 'long.mp4');
const FRAMES = 900;
const BYTES = 320 * 240 * 3;

beforeAll(async () => {
  await make(
    ...moving('320x240', 25, FRAMES / 25),
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p',
    long,
  );
});

describe('stopping', () => {
  it.runIf(POSIX)('break leaves no ffmpeg behind', async () => {
    let seen = 0;
    for await (const frame of (await openFile(long)).frames()) {
      seen = frame.index;
      if (frame.index === 0) expect(ffmpegsOf(process.pid)).toHaveLength(1);
      if (frame.index === 5) break;
    }
    expect(seen).toBe(5);
    expect(ffmpegsOf(process.pid)).toEqual([]);
  });

  it.runIf(POSIX)('an exception in the consumer leaves none, and passes through', async () => {
    const reading = (async () => {
      for await (const frame of (await openFile(long)).frames()) if (frame.index === 3) throw new RangeError('mine');
    })();
    await expect(reading).rejects.toThrow(new RangeError('mine'));
    expect(ffmpegsOf(process.pid)).toEqual([]);
  });

  it.runIf(POSIX)('an abort leaves none, whenever it comes', async () => {
    for (const delay of [null, 0, 60]) {
      const controller = new AbortController();
      const source = await openFile(long);
      if (delay === null) controller.abort();
      else {
        setTimeout(() => {
          controller.abort();
        }, delay);
      }
      await expect(collect(source, controller.signal)).rejects.toMatchObject({ code: 'INTERRUPTED' });
      expect(ffmpegsOf(process.pid)).toEqual([]);
    }
  });

  it('a source is read once', async () => {
    const source = await openFile(long, { end: 0.2 });
    expect(await collect(source)).toHaveLength(5);
    await expect(collect(source)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it.runIf(POSIX)('kill -9 of the process leaves no ffmpeg behind', async () => {
    const script = builtFile('test/ingest/support/slow-reader.ts');
    const parent = spawn(process.execPath, [script, long], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(parent.stdout, 'data');
    const [ffmpeg] = ffmpegsOf(parent.pid!);
    expect(ffmpeg).toBeGreaterThan(0);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(await until(() => !alive(ffmpeg!), 90)).toBe(true);
  });

  it.runIf(POSIX).each(['kill', 'terminate'])(
    'an ffmpeg that writes to nobody ends with its process or thread (%s)',
    async (how) => {
      const script = builtFile('test/ingest/support/endless-ffmpeg.ts');
      const parent = spawn(process.execPath, [script, how], { stdio: ['pipe', 'pipe', 'inherit'] });
      await once(parent.stdout, 'data');
      const [ffmpeg] = ffmpegsOf(parent.pid!);
      expect(ffmpeg).toBeGreaterThan(0);
      if (how === 'kill') parent.kill('SIGKILL');
      else parent.stdin.write('terminate');
      try {
        expect(await until(() => ffmpegsOf(parent.pid!).length === 0 && !runs(ffmpeg!), 60)).toBe(true);
      } finally {
        if (runs(ffmpeg!)) process.kill(ffmpeg!, 'SIGKILL');
        parent.kill('SIGKILL');
      }
    },
  );
});

describe('a slow consumer', () => {
  it.runIf(POSIX)('makes ffmpeg wait', async () => {
    for await (const frame of (await openFile(long)).frames()) {
      if (frame.index < 2) continue;
      const [ffmpeg] = ffmpegsOf(process.pid);
      // Left alone it would decode the whole clip in about a second; asleep on a full pipe, it is still there.
      const sleeps = (): boolean =>
        spawnSync('ps', ['-o', 'stat=', '-p', String(ffmpeg)], { encoding: 'utf8' }).stdout.startsWith('S');
      const looks = async (): Promise<boolean[]> => {
        const seen: boolean[] = [];
        for (let k = 0; k < 10; k += 1) {
          seen.push(sleeps());
          await sleep(50);
        }
        return seen;
      };
      expect(await until(async () => (await looks()).every(Boolean), 90)).toBe(true);
      break;
    }
  });

  it('keeps memory flat, however many frames go by', async () => {
    const before = process.memoryUsage().rss;
    let peak = 0;
    let count = 0;
    for await (const frame of (await openFile(long)).frames()) {
      count = frame.index + 1;
      if (count % 20 === 0) {
        peak = Math.max(peak, process.memoryUsage().rss);
        await sleep(1);
      }
    }
    expect(count).toBe(FRAMES);
    // All frames together are 207 MB.
    expect(peak - before).toBeLessThan((FRAMES * BYTES) / 2);
  });
});
