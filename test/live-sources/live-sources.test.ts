import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import type { Frame } from '../../src/ingest/frame.js';
import { openLiveSource } from '../../src/ingest/live/ffmpeg-live-source.js';
import type { LiveSource, LiveSourceOptions } from '../../src/ingest/live/live-source.js';
import { describeWithEachFfmpeg, make, moving, temporaryFolder, useBundledFfmpeg } from '../ingest/support/clips.js';
import { builtFile } from '../support/built-file.js';
import { processesMentioning } from '../support/processes.js';
import { Follower } from './support/follower.js';
import { multipartCamera, numberOf } from './support/multipart-server.js';
import type { MultipartCamera } from './support/multipart-server.js';
import { rtspServer } from './support/rtsp-server.js';
import type { RtspOptions, RtspServer } from './support/rtsp-server.js';
import { until } from './support/until.js';

const POSIX = process.platform !== 'win32';
if (!POSIX) console.warn('SKIPPED live-source tests that count processes: there is no "ps" here');

const folder = temporaryFolder();
/** Impatient, so that tests need not wait. */
const HASTY: LiveSourceOptions = { stallAfter: 20_000, backOff: { shortest: 50, longest: 200, stableAfter: 10_000 } };

type Cleanup = Pick<TestContext, 'onTestFinished'>;

/** Leaves the source when the test ends, before a server that was opened earlier ends. */
function read({ onTestFinished }: Cleanup, source: LiveSource, onFrame?: (frame: Frame) => Promise<void>): Follower {
  const follower = new Follower(source, onFrame);
  onTestFinished(() => follower.leave());
  return follower;
}

function follow(test: Cleanup, name: string, options: LiveSourceOptions = {}): Follower {
  return read(test, openLiveSource(name, { ...HASTY, ...options }));
}

function closeWith({ onTestFinished }: Cleanup, server: { close(): unknown }): void {
  onTestFinished(() => void server.close());
}

async function openCamera({ onTestFinished }: Cleanup, framesPerSecond?: number): Promise<MultipartCamera> {
  const camera = await multipartCamera(framesPerSecond);
  onTestFinished(() => camera.stop());
  return camera;
}

async function openRtsp(test: Cleanup, options: RtspOptions = {}): Promise<RtspServer> {
  const server = await rtspServer(options);
  closeWith(test, server);
  return server;
}

function states(follower: Follower): string[] {
  return follower.states.map(({ state }) => state);
}

function isRising(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > values[i - 1]!);
}

describeWithEachFfmpeg('live sources', () => {
  it.concurrent('lavfi plays in its own time, then ends', async (test) => {
    const began = performance.now();
    const follower = follow(test, 'lavfi:testsrc2=size=160x120:rate=20:duration=1.5');
    await follower.ended;
    expect(performance.now() - began).toBeGreaterThan(1_300);
    expect(states(follower)).toEqual(['connecting', 'running', 'ended']);
    expect(follower.arrivals.length).toBeGreaterThan(3);
    const { frame } = follower.arrivals.at(-1)!;
    expect(frame.index).toBeGreaterThanOrEqual(follower.arrivals.length - 1);
    expect(frame.data.length).toBe(160 * 120 * 3);
    expect(isRising(follower.arrivals.map((one) => one.frame.index))).toBe(true);
    expect(isRising(follower.arrivals.map((one) => one.frame.timestamp))).toBe(true);
  });

  it.concurrent('a file plays in its own time; looped, it continues', async (test) => {
    const path = await make(...moving('160x120', 20, 1), '-pix_fmt', 'yuv420p', join(folder, 'clip.mp4'));
    const began = performance.now();
    const follower = follow(test, path);
    await follower.ended;
    expect(states(follower)).toEqual(['connecting', 'running', 'ended']);
    expect(performance.now() - began).toBeGreaterThan(900);

    const looped = follow(test, path, { loop: true });
    expect(await until(() => (looped.last?.index ?? 0) > 25)).toBe(true);
    expect(states(looped)).toEqual(['connecting', 'running']);
  });

  it.concurrent('a looped file that is over at once waits before it starts again', async (test) => {
    const path = await make(...moving('160x120', 20, 0.05), '-pix_fmt', 'yuv420p', join(folder, 'one-frame.mp4'));
    const backOff = { shortest: 600_000, longest: 600_000, stableAfter: 600_000 };
    const looped = follow(test, path, { loop: true, backOff });
    expect(await until(() => looped.last !== undefined)).toBe(true);
    await sleep(3_000);
    expect(looped.last?.index).toBe(0);
  });

  it.concurrent('bare H.264 has no times, and still plays at its rate', async (test) => {
    const path = await make(
      ...moving('160x120', 20, 1.5),
      '-pix_fmt',
      'yuv420p',
      '-f',
      'h264',
      join(folder, 'bare.h264'),
    );
    const began = performance.now();
    await follow(test, path).ended;
    expect(performance.now() - began).toBeGreaterThan(1_300);
  });

  it.concurrent('wide pictures are scaled down, in proportion; others are left alone', async (test) => {
    const wide = follow(test, 'lavfi:testsrc2=size=640x360:rate=20:duration=0.2', { maxWidth: 320 });
    await wide.ended;
    expect([wide.last!.width, wide.last!.height]).toEqual([320, 180]);
    const small = follow(test, 'lavfi:testsrc2=size=200x150:rate=20:duration=0.2', { maxWidth: 320 });
    await small.ended;
    expect([small.last!.width, small.last!.height]).toEqual([200, 150]);
    const path = await make(...moving('640x360', 20, 0.2), '-pix_fmt', 'yuv420p', join(folder, 'wide.mp4'));
    const file = follow(test, path, { maxWidth: 320 });
    await file.ended;
    expect([file.last!.width, file.last!.height]).toEqual([320, 180]);
  });

  it.concurrent('what will not come back fails for good, with one clear line', async (test) => {
    const missing = follow(test, join(folder, 'missing.mp4'));
    await missing.ended;
    expect(missing.states.at(-1)).toEqual({
      state: 'failed',
      reason: expect.stringMatching(/^no such file or folder: check the name/) as string,
    });
    const sound = await make('-f', 'lavfi', '-i', 'sine=duration=1', join(folder, 'sound.wav'));
    const noPicture = follow(test, sound);
    await noPicture.ended;
    expect(noPicture.states.at(-1)!.state).toBe('failed');
    const filter = follow(test, 'lavfi:nosuchfilter');
    await filter.ended;
    expect(filter.states.at(-1)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('nosuchfilter') as string,
    });
  });

  it.concurrent('a multipart camera: what is pulled is never old, however slow the consumer', async (test) => {
    const camera = await openCamera(test);
    const source = openLiveSource(`http://127.0.0.1:${camera.port}/`, HASTY);
    let arrived = 0;
    const ages: number[] = [];
    const follower = read(test, source, async (frame) => {
      ages.push(camera.sent - 1 - numberOf(frame.data, frame.width, frame.height));
      arrived = frame.index + 1;
      await sleep(400);
    });
    expect(await until(() => follower.arrivals.length >= 12)).toBe(true);
    expect(isRising(follower.arrivals.map(({ frame }) => frame.index))).toBe(true);
    // 25 a second arrive, 2.5 a second are pulled.
    expect(source.dropped).toBeGreaterThan(follower.arrivals.length);
    expect(source.dropped).toBeLessThanOrEqual(arrived + 60);
    // In frames of 40 ms; queued up, the twelfth would be more than 100 old.
    expect(Math.min(...ages.slice(8))).toBeLessThan(50);
  });

  it.concurrent('a multipart camera that stalls, drops, changes its size, and goes away for a while', async (test) => {
    const camera = await openCamera(test);
    const follower = follow(test, `http://127.0.0.1:${camera.port}/video`, { stallAfter: 2_500 });
    expect(await until(() => follower.arrivals.length > 5)).toBe(true);

    camera.size = [240, 320];
    expect(await until(() => follower.last!.height === 320)).toBe(true);
    expect(follower.reasons()).toContain('the picture is 240 x 320 now');
    expect(
      follower.arrivals.every(
        ({ frame }) => frame.width * 4 === frame.height * 3 || frame.width * 3 === frame.height * 4,
      ),
    ).toBe(true);

    const before = follower.connections();
    camera.drop();
    expect(await until(() => follower.connections() > before)).toBe(true);

    camera.silent = true;
    expect(await until(() => follower.reasons().includes('no picture for 2.5 s'))).toBe(true);
    camera.silent = false;
    const stalled = follower.connections();
    expect(await until(() => follower.connections() > stalled)).toBe(true);

    await camera.stop();
    expect(await until(() => follower.reasons().some((reason) => reason.startsWith('connection refused')))).toBe(true);
    await camera.restart();
    const gone = follower.connections();
    expect(await until(() => follower.connections() > gone)).toBe(true);

    expect(isRising(follower.arrivals.map(({ frame }) => frame.index))).toBe(true);
    expect(isRising(follower.arrivals.map(({ frame }) => frame.timestamp))).toBe(true);
  });

  it.concurrent('RTSP plays, and comes back after it was cut off', async (test) => {
    // By name: npm's ffmpeg cannot look one up.
    const server = await openRtsp(test, { filter: 'testsrc2=size=320x240:rate=20' });
    const follower = follow(test, `rtsp://me:secret@localhost:${server.port}/stream?token=secret`, {
      stallAfter: 20_000,
    });
    expect(await until(() => follower.arrivals.length > 10)).toBe(true);
    expect([follower.last!.width, follower.last!.height]).toEqual([320, 240]);
    server.drop();
    expect(await until(() => server.played > 1 && follower.connections() > 1)).toBe(true);
    expect(server.requests.some((line) => line.includes('/stream?token=secret'))).toBe(true);
  });
});

describe('what goes wrong is said in one line, without passwords', () => {
  it.concurrent.for([
    ['rtsp', 'rtsp://me:hunter2@127.0.0.1:1/a', /^connection refused/],
    ['http', 'http://me:hunter2@127.0.0.1:1/a?pw=hunter2', /^(connection refused|bad port)/],
    ['a host that is not there', 'rtsp://me:hunter2@no-such-host.invalid/a', /no such host/],
    ['the same over http', 'http://me:hunter2@no-such-host.invalid/a', /no such host/],
    ['a camera that is not there', '/dev/video99', /^no such camera/],
  ] as const)('%s', async ([, name, expected], test) => {
    const follower = follow(test, name);
    expect(await until(() => follower.reasons().length > 1)).toBe(true);
    expect(follower.reasons()[0]).toMatch(expected);
    for (const status of follower.states) {
      expect(['connecting', 'reconnecting']).toContain(status.state);
      expect(JSON.stringify(status)).not.toMatch(/hunter2|\\n/);
    }
  });

  it.concurrent('401 asks for a password, over RTSP and HTTP; an HTTP password arrives', async (test) => {
    const camera = await openCamera(test);
    const server = await openRtsp(test, { password: true });
    camera.status = 401;
    const http = follow(test, `http://me:p%40ss@127.0.0.1:${camera.port}/`);
    const rtsp = follow(test, `rtsp://me:wrong@127.0.0.1:${server.port}/`);
    expect(await until(() => http.reasons().length > 0 && rtsp.reasons().length > 0)).toBe(true);
    expect(http.reasons()[0]).toMatch(/^user name or password is missing or wrong/);
    expect(rtsp.reasons()[0]).toMatch(/^user name or password is missing or wrong/);
    expect(camera.requests[0]!.headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  });

  it.concurrent('messages of a camera contain no terminal escapes', async (test) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 500 \u001b[2Joops\u0007\r\nContent-Length: 0\r\n\r\n', 'latin1'));
    }).listen(0, '127.0.0.1');
    closeWith(test, server);
    await once(server, 'listening');
    const follower = follow(test, `http://127.0.0.1:${(server.address() as AddressInfo).port}/video`);
    expect(await until(() => states(follower).includes('reconnecting'))).toBe(true);
    expect(follower.states.find(({ state }) => state === 'reconnecting')).toMatchObject({ reason: '500 [2Joops' });
  });

  it.concurrent('a playlist is refused, and what it names is not fetched', async (test) => {
    const camera = await openCamera(test);
    const { createServer } = await import('node:http');
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url!);
      response.end(
        `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:${camera.port}/secret.ts\n#EXT-X-ENDLIST\n`,
      );
    });
    closeWith(test, server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const follower = follow(test, `http://127.0.0.1:${(server.address() as { port: number }).port}/list.m3u8`);
    expect(await until(() => follower.reasons().length > 0)).toBe(true);
    expect(follower.reasons()[0]).toMatch(/picture or a playlist/);
    expect(asked).toContain('/list.m3u8');
    expect(camera.requests).toEqual([]);
  });
});

describe.runIf(POSIX)('nothing is left behind', () => {
  beforeAll(useBundledFfmpeg);

  it('leaving, an abort and a failing consumer stop ffmpeg', async (test) => {
    const mark = `testsrc2=size=64x48:rate=${10 + (process.pid % 50)}`;
    for await (const frame of openLiveSource(`lavfi:${mark}`).frames()) if (frame.index > 2) break;
    expect(await processesMentioning(mark)).toEqual([]);

    const follower = follow(test, `lavfi:${mark}`);
    expect(await until(() => follower.arrivals.length > 2)).toBe(true);
    expect(await processesMentioning(mark)).not.toEqual([]);
    await follower.leave();
    expect(await processesMentioning(mark)).toEqual([]);

    const failing = new Follower(openLiveSource(`lavfi:${mark}`), () => Promise.reject(new RangeError('mine')));
    await expect(failing.ended).rejects.toThrow('mine');
    expect(await processesMentioning(mark)).toEqual([]);

    const early = follow(test, `lavfi:${mark}`);
    await early.leave();
    expect(await processesMentioning(mark)).toEqual([]);
  });

  it('a source can be read again', async () => {
    const source = openLiveSource('lavfi:testsrc2=size=64x48:rate=10:duration=0.5');
    const indices: number[][] = [[], []];
    for (const pass of indices) for await (const frame of source.frames()) pass.push(frame.index);
    expect(indices.map(([first]) => first)).toEqual([0, 0]);
  });

  it('kill -9 takes ffmpeg along, also one that waits for a server that says nothing', async (test) => {
    const server = await openRtsp(test);
    const address = `rtsp://127.0.0.1:${server.port}/idle`;
    const child = spawn(process.execPath, [builtFile('test/live-sources/support/follow.ts'), address], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(await until(() => server.played > 0)).toBe(true);
    const ffmpegs = (): Promise<string[]> =>
      processesMentioning(address).then((lines) => lines.filter((line) => line.includes('image2pipe')));
    expect((await ffmpegs()).length).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await until(async () => (await ffmpegs()).length === 0)).toBe(true);
  });

  it('20 reconnects leave no descriptor and no process', async (test) => {
    const camera = await openCamera(test, 50);
    const follower = follow(test, `http://127.0.0.1:${camera.port}/`, {
      backOff: { shortest: 5, longest: 10, stableAfter: 60_000 },
    });
    const descriptors: number[] = [];
    for (let round = 1; round <= 22; round++) {
      expect(await until(() => follower.connections() >= round)).toBe(true);
      if (process.platform === 'linux') descriptors.push(readdirSync('/proc/self/fd').length);
      camera.drop();
    }
    expect(Math.max(...descriptors.slice(-3)) - descriptors[1]!).toBeLessThanOrEqual(4);
    await follower.leave();
    // The relay's address is what ffmpeg is given.
    const children = await processesMentioning('image2pipe');
    expect(children.filter((line) => line.includes('127.0.0.1'))).toEqual([]);
  });
});
