import { setTimeout as wait } from 'node:timers/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/ingest/frame.js';
import { WATCH_PATH, decodeFrameMessage } from '../../src/stream/protocol/messages.js';
import { BACKLOG_BYTES } from '../../src/stream/server/connection.js';
import { FakeLiveSource } from '../support/fake-live-source.js';
import { metric, startServer } from '../support/live-server.js';

describe('a viewer', () => {
  it('gets hello, the state of the source, and its results', async () => {
    const source = new FakeLiveSource();
    const { connect } = await startServer({ source });
    const client = await connect(WATCH_PATH);
    await client.next('result', 3);
    expect(client.order.slice(0, 2)).toEqual(['hello', 'source']);
    expect(client.of('hello')[0]).toMatchObject({ role: 'viewer' });
    expect(client.of('source').map(({ state }) => state)).toEqual(['connecting', 'running']);
    const [first, second, third] = client.of('result');
    expect([first!.sequence, second!.sequence, third!.sequence]).toEqual([0, 1, 2]);
    expect(Math.abs(first!.captureTime - Date.now())).toBeLessThan(60_000);
    expect(second!.captureTime - first!.captureTime).toBeCloseTo(5, 6);
    expect(client.pictures).toEqual([]);
    expect(client.misfits).toEqual([]);
  });

  it('gets each picture right before its result when it asks for pictures', async () => {
    const { connect } = await startServer({ source: new FakeLiveSource({ width: 48, height: 32 }) });
    const client = await connect(`${WATCH_PATH}?frames=1&landmarks=1`);
    await client.next('result', 5);
    const wanted = client.order.filter((kind) => kind === 'picture' || kind === 'result');
    wanted.forEach((kind, index) => {
      expect(kind).toBe(index % 2 === 0 ? 'picture' : 'result');
    });
    for (const [index, result] of client.of('result').slice(0, 5).entries()) {
      const frame = decodeFrameMessage(client.pictures[index]!);
      if (typeof frame === 'string') throw new Error(frame);
      expect([frame.sequence, frame.captureTime]).toEqual([result.sequence, result.captureTime]);
      const { data, info } = await sharp(frame.jpeg).raw().toBuffer({ resolveWithObject: true });
      expect([info.width, info.height]).toEqual([48, 32]);
      expect(Math.abs(data[0]! - result.sequence)).toBeLessThan(3);
    }
    expect(client.of('result')[0]!.faces[0]!.landmarks).toHaveLength(68);
    expect(client.misfits).toEqual([]);
  });

  it('shares one session and one pass of the source with the others', async () => {
    const source = new FakeLiveSource();
    const { connect, engine } = await startServer({ source });
    const clients = await Promise.all([connect(WATCH_PATH), connect(`${WATCH_PATH}?frames=1`), connect(WATCH_PATH)]);
    await Promise.all(clients.map((client) => client.next('result', 3)));
    expect(engine.sessions.size).toBe(1);
    expect(source).toMatchObject({ passes: 1, running: 1 });
  });

  it('must not send messages', async () => {
    const { connect } = await startServer({ source: new FakeLiveSource() });
    const client = await connect(WATCH_PATH);
    client.sendFrame(1);
    expect(await client.next('error')).toMatchObject({ code: 'NOT_ALLOWED', fatal: false });
    client.socket.send('{"type":"reset"}');
    expect(await client.next('error', 2)).toMatchObject({ code: 'NOT_ALLOWED' });
    for (let n = 0; n < 100; n += 1) client.socket.send('x');
    expect(await client.end()).toMatchObject({ code: 4429 });
    expect(client.misfits).toEqual([]);
  });

  it('is refused without a source', async () => {
    const { connect } = await startServer();
    const client = await connect(WATCH_PATH);
    expect(await client.end()).toEqual({ code: 4404, reason: 'NO_SOURCE' });
    expect(client.messages).toMatchObject([{ type: 'error', code: 'NO_SOURCE', fatal: true }]);
    expect(client.misfits).toEqual([]);
  });

  it('gets changes of the source at once', async () => {
    const source = new FakeLiveSource();
    const { connect } = await startServer({ source });
    const client = await connect(WATCH_PATH);
    await client.next('result');
    source.say({ state: 'reconnecting', reason: 'no picture for 10 s', retryIn: 2000 });
    expect(await client.next('source', 3)).toEqual({
      type: 'source',
      name: 'fake camera',
      state: 'reconnecting',
      detail: 'no picture for 10 s',
      retryIn: 2000,
    });
    source.say({ state: 'reconnecting', reason: 'no picture for 10 s', retryIn: 2000 });
    source.say({ state: 'failed', reason: 'gone' });
    expect(await client.next('source', 4)).toMatchObject({ state: 'failed', detail: 'gone', retryIn: null });
    const late = await connect(WATCH_PATH);
    expect(await late.next('source')).toMatchObject({ state: 'failed' });
    expect([...client.misfits, ...late.misfits]).toEqual([]);
  });

  it('gets statistics of the source since it connected', async () => {
    const source = new FakeLiveSource();
    const { connect } = await startServer({ source, statsEvery: 50 });
    const early = await connect(WATCH_PATH);
    await early.next('result', 20);
    source.dropped += 7;
    const late = await connect(WATCH_PATH);
    const { received } = await late.next('stats', 2);
    const seen = await early.next('stats', early.of('stats').length + 1);
    expect(seen.received).toBeGreaterThan(received + 15);
    expect(seen.skipped).toBe(7);
    expect(seen.received - seen.answered - seen.skipped).toBeLessThanOrEqual(1);
    expect(seen.framesPerSecond).toBeGreaterThan(0);
    expect([...early.misfits, ...late.misfits]).toEqual([]);
  });

  it('that reads too slowly costs little memory and delays no other', async () => {
    // Some 50 KB a picture.
    const { connect, server } = await startServer({
      source: new FakeLiveSource({ every: 1, width: 320, height: 240, noise: true }),
      statsEvery: 100,
    });
    const path = `${WATCH_PATH}?frames=1`;
    const [reader, ...sleepers] = await Promise.all([connect(path), connect(path), connect(path), connect(path)]);
    await Promise.all(sleepers.map((sleeper) => sleeper.next('hello')));
    for (const { socket } of sleepers) socket.pause();
    while (!((await metric(server.url, 'ferstream_viewer_messages_dropped_total')) > 30)) await wait(50);
    const largest = Math.max(...reader.pictures.map(({ byteLength }) => byteLength));
    expect(largest).toBeGreaterThan(30_000);
    await reader.next('result', reader.of('result').length + 30);
    const backlog = await metric(server.url, 'ferstream_backlog_bytes');
    expect(backlog).toBeGreaterThan(3 * BACKLOG_BYTES);
    expect(backlog).toBeLessThan(4 * (BACKLOG_BYTES + largest + 10_000));
    for (const { socket } of sleepers) socket.resume();
    const [sleeper] = sleepers;
    await sleeper.next('result', sleeper.of('result').length + 1);
    await sleeper.until(() => (sleeper.of('stats').at(-1)?.dropped ?? 0) > 0, 'its drops to be told');
    expect(
      sleeper.order
        .filter((kind) => kind === 'picture' || kind === 'result')
        .every((kind, index) => kind === (index % 2 === 0 ? 'picture' : 'result')),
    ).toBe(true);
    expect(sleeper.misfits).toEqual([]);
  });
});

describe('the source', () => {
  it('stops without viewers, after a delay, and starts again for the next one', async () => {
    const source = new FakeLiveSource();
    const { connect, engine } = await startServer({ source, sourceLinger: 2_000 });
    expect(source.passes).toBe(0);
    const first = await connect(WATCH_PATH);
    await first.next('result');
    await first.leave();
    await wait(30);
    const second = await connect(WATCH_PATH);
    await second.next('result');
    expect(source).toMatchObject({ passes: 1, running: 1 });
    await second.leave();
    await second.until(() => source.running === 0 && engine.sessions.size === 0, 'the source to rest');
    const third = await connect(WATCH_PATH);
    expect(await third.next('result')).toMatchObject({ sequence: 0 });
    expect(third.of('source')[0]).toMatchObject({ state: 'connecting' });
    expect(source.passes).toBe(2);
  });

  it('that has ended reports so to new viewers, until all have left', async () => {
    const source = new FakeLiveSource({ length: 2 });
    const { connect } = await startServer({ source, sourceLinger: 20 });
    const first = await connect(WATCH_PATH);
    await first.until(() => first.of('source').at(-1)?.state === 'ended', 'the end');
    expect(first.of('result')).toHaveLength(2);
    const late = await connect(WATCH_PATH);
    expect(await late.next('source')).toMatchObject({ state: 'ended' });
    await Promise.all([first.leave(), late.leave()]);
    let next = await connect(WATCH_PATH);
    // Until the server has noticed that all have left.
    while ((await next.next('source')).state === 'ended') {
      await next.leave();
      await wait(100);
      next = await connect(WATCH_PATH);
    }
    await next.next('result', 2);
    expect(source.passes).toBe(2);
  });

  it('may throw without taking the server down', async () => {
    const source = new FakeLiveSource();
    source.frames = async function* (): AsyncGenerator<Frame> {
      yield* [];
      await Promise.reject(new Error('/dev/secret broke'));
    };
    const { connect, log } = await startServer({ source });
    const client = await connect(WATCH_PATH);
    await client.until(() => client.of('source').at(-1)?.state === 'failed', 'the failure');
    expect(JSON.stringify(client.messages)).not.toContain('secret');
    expect(log).toEqual(['source: /dev/secret broke']);
    expect(client.misfits).toEqual([]);
  });
});
