import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ResultMessage, ServerMessage, SourceMessage } from '../../src/stream/protocol/messages.js';
import { rtspServer } from '../live-sources/support/rtsp-server.js';
import { until } from '../live-sources/support/until.js';
import { processesMentioning } from '../support/processes.js';
import { callFer } from '../support/call-fer.js';
import { runFer, startFer } from '../support/run-fer.js';
import type { RunningFer } from '../support/run-fer.js';
import { scratchDir } from '../support/scratch.js';

const POSIX = process.platform !== 'win32';
if (!POSIX) console.warn('SKIPPED fer live tests that count processes and send signals: this is Windows');

const dir = await scratchDir();
/** Loading the networks takes long on a busy machine. */
const PATIENCE = 240_000;

const runs: RunningFer[] = [];
async function live(...args: string[]): Promise<{ run: RunningFer; url: URL }> {
  const run = startFer(['live', '--no-open', '--backend', 'wasm', '--model', 'face-api', '--rotate', '0', ...args]);
  runs.push(run);
  let stdout = '';
  run.child.stdout!.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  await run.printed('page: ');
  await until(() => /page: \S+\n/.test(stdout));
  return { run, url: new URL(/page: (\S+)/.exec(stdout)![1]!) };
}
afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.child.kill('SIGKILL');
    await run.ended;
  }
});

function watch({ port, hash }: URL): { messages: ServerMessage[]; closed: Promise<number> } {
  const token = hash.replace('#token=', '');
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/watch${token === '' ? '' : `?token=${token}`}`);
  const messages: ServerMessage[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) messages.push(JSON.parse(data.toString()) as ServerMessage);
  });
  const closed = new Promise<number>((resolve) => {
    socket.on('close', resolve);
  });
  return { messages, closed };
}

function ffmpegsOn(mark: string): Promise<string[]> {
  return processesMentioning(mark).then((lines) => lines.filter((line) => line.includes('image2pipe')));
}

describe.runIf(POSIX)('fer live', () => {
  it('serves a source to clients with the token, and exits cleanly on SIGTERM', { timeout: PATIENCE }, async () => {
    const filter = `testsrc2=size=160x120:rate=11:duration=${100_000 + process.pid}`;
    const { run, url } = await live('--host', '0.0.0.0', '--port', '0', '--source', `lavfi:${filter}`);
    expect(url.hash).toMatch(/^#token=[\w-]{24}$/);
    expect((await fetch(`http://127.0.0.1:${url.port}/metrics`)).status).toBe(401);

    const stranger = watch(new URL(`http://127.0.0.1:${url.port}/`));
    expect(await stranger.closed).not.toBe(1000);
    expect(stranger.messages.some(({ type }) => type === 'hello' || type === 'result')).toBe(false);

    const viewer = watch(url);
    const results = (): ResultMessage[] => viewer.messages.filter((message) => message.type === 'result');
    expect(await until(() => results().length >= 3, 120)).toBe(true);
    expect(results()[0]).toMatchObject({ width: 160, height: 120, status: 'no-face', faces: [] });
    expect(viewer.messages.some((message) => message.type === 'source' && message.state === 'running')).toBe(true);
    expect(await ffmpegsOn(filter)).not.toEqual([]);

    run.child.kill('SIGTERM');
    expect(await viewer.closed).toBe(1001);
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('source running');
    expect(stderr).not.toContain('    at ');
    expect(await ffmpegsOn(filter)).toEqual([]);
  });

  it('interrupted while it loads, it exits without opening anything', { timeout: PATIENCE }, async () => {
    const run = startFer(['live', '--no-open', '--backend', 'wasm', '--port', '0']);
    runs.push(run);
    await run.printed('loading the networks');
    run.child.kill('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('killed with SIGKILL it leaves no ffmpeg behind; a port in use is reported', { timeout: PATIENCE }, async () => {
    const camera = await rtspServer();
    try {
      const address = `rtsp://127.0.0.1:${camera.port}/mute`;
      const { run, url } = await live('--port', '0', '--source', address.replace('//', '//me:hunter2@'));
      expect(url.hash).toBe('');
      const viewer = watch(url);
      expect(await until(() => camera.played > 0, 60)).toBe(true);
      const names = viewer.messages
        .filter((message): message is SourceMessage => message.type === 'source')
        .map(({ name }) => name);
      expect(new Set(names)).toEqual(new Set([address]));
      expect(await ffmpegsOn(`127.0.0.1:${camera.port}/mute`)).not.toEqual([]);

      const second = await runFer(['live', '--no-open', '--backend', 'wasm', '--port', url.port]);
      expect(second.code).toBe(2);
      expect(second.stderr).toContain(`${url.port} on 127.0.0.1 is in use`);
      expect(second.stderr).not.toContain('    at ');

      run.child.kill('SIGKILL');
      const { stdout, stderr } = await run.ended;
      expect(await until(async () => (await ffmpegsOn(`127.0.0.1:${camera.port}/mute`)).length === 0)).toBe(true);
      expect(stdout + stderr).not.toContain('hunter2');
    } finally {
      camera.close();
    }
  });
});

describe('fer live refuses at once, in one line', () => {
  it.each([
    [2, 'both --cert and --key', ['--cert', join(dir, 'cert.pem')]],
    [2, 'cannot be read (ENOENT)', ['--cert', join(dir, 'cert.pem'), '--key', join(dir, 'key.pem')]],
    [1, 'no such file', ['--source', join(dir, 'missing.mp4')]],
    [2, 'srt addresses are not read', ['--source', 'srt://me:hunter2@host/']],
    [2, 'must be a number', ['--port', 'high']],
    [2, '--loop needs a file', ['--loop']],
    [2, '--loop needs a file', ['--loop', '--source', 'lavfi:testsrc2']],
  ])('exit code %i: %s', async (expected, message, args) => {
    const { code, stderr, stdout } = await callFer(['live', '--no-open', ...args]);
    expect(code).toBe(expected);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout + stderr).not.toContain('hunter2');
  });

  it('an unusable port is refused before anything is loaded', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const { code, stderr } = await callFer(['live', '--no-open', '--port', String(port)]);
      expect(code).toBe(2);
      expect(stderr).toContain('is in use');
      expect(stderr).not.toContain('loading');
    } finally {
      server.close();
    }
  });
});
