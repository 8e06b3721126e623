import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/version.js';
import { FRAME_HEADER_BYTES, PRODUCE_PATH } from '../../src/stream/protocol/messages.js';
import { frameBytes } from '../support/live-client.js';
import type { LiveClient } from '../support/live-client.js';
import { metric, startServer } from '../support/live-server.js';

const NO_JPEG = new Uint8Array([1, 2, 3]);

/** Frames that have been answered, in whichever way, by their sequence. */
function answered({ messages }: LiveClient): number[] {
  return messages.flatMap((message) => ('sequence' in message && message.sequence !== null ? [message.sequence] : []));
}

describe('a producer', () => {
  it('gets a hello, and a result for a frame', async () => {
    const { connect, engine } = await startServer({ messagesPerSecond: 77 });
    const client = await connect(PRODUCE_PATH);
    const hello = await client.next('hello');
    expect(client.order[0]).toBe('hello');
    expect(hello).toMatchObject({ protocol: 1, role: 'producer', ferstream: VERSION, ...engine.description });
    expect(hello.limits).toEqual({
      messageBytes: 524_288,
      pixels: 1_000_000,
      framesInFlight: 2,
      messagesPerSecond: 77,
    });
    const result = await client.ask(41);
    expect(result).toMatchObject({ type: 'result', sequence: 41, captureTime: 1041, status: 'ok' });
    expect(engine.submitted[0]).toMatchObject({
      sequence: 41,
      captureTime: 1041,
      picture: { kind: 'jpeg', bytes: new Uint8Array([0xff, 0xd8, 1, 2]) },
    });
    expect(client.misfits).toEqual([]);
  });

  it('gets numbers as exact as in files, and landmarks on request', async () => {
    const { connect } = await startServer();
    const [plain, detailed] = [await connect(PRODUCE_PATH), await connect(`${PRODUCE_PATH}?landmarks=1`)];
    await Promise.all([plain.ask(1), detailed.ask(1)]);
    const [face] = plain.of('result')[0]!.faces;
    expect(face!.probabilities['happiness']).toBe(0.72346);
    expect(face).not.toHaveProperty('landmarks');
    expect(detailed.of('result')[0]!.faces[0]!.landmarks).toHaveLength(68);
    expect([...plain.misfits, ...detailed.misfits]).toEqual([]);
    expect((await plain.next('hello')).session).not.toBe((await detailed.next('hello')).session);
  });

  it('gets exactly one answer for every frame, and the newest of many', async () => {
    const { connect } = await startServer({}, { work: 20 });
    const client = await connect(PRODUCE_PATH);
    for (let sequence = 0; sequence < 30; sequence += 1)
      client.sendFrame(sequence, sequence === 0 ? NO_JPEG : undefined);
    await client.until(() => answered(client).length === 30, '30 answers');
    await wait(50);
    expect(answered(client).sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index));
    expect(client.of('error')).toEqual([
      { type: 'error', code: 'BAD_PICTURE', message: 'no JPEG', sequence: 0, fatal: false },
    ]);
    const results = client.of('result').map(({ sequence }) => sequence);
    expect(results.at(-1)).toBe(29);
    expect(results.length).toBeLessThan(15);
    expect(client.misfits).toEqual([]);
  });

  it('gets statistics that add up', async () => {
    const { connect } = await startServer({ statsEvery: 60 }, { work: 200 });
    const client = await connect(PRODUCE_PATH);
    client.socket.send(Buffer.alloc(40));
    client.sendFrame(1, NO_JPEG);
    for (const sequence of [2, 3, 4]) client.sendFrame(sequence);
    await client.until(() => answered(client).length === 5, '5 answers');
    const seen = client.of('stats').length;
    const stats = await client.next('stats', seen + 2);
    expect(stats).toMatchObject({ received: 5, answered: 1, skipped: 2, refused: 2, dropped: 0, load: 0.25 });
    expect(stats.framesPerSecond).toBeGreaterThan(0);
    expect(client.misfits).toEqual([]);
  });

  it('gets the problem of an invalid message, and continues', async () => {
    const { connect, engine } = await startServer();
    const client = await connect(PRODUCE_PATH);
    const header = frameBytes(9);
    header[0] = 2;
    client.socket.send(header);
    expect(await client.next('error')).toMatchObject({ code: 'BAD_HEADER', sequence: 9, fatal: false });
    client.socket.send(Buffer.alloc(FRAME_HEADER_BYTES - 1));
    expect(await client.next('error', 2)).toMatchObject({ code: 'BAD_HEADER', sequence: null });
    for (const [index, text] of [
      '',
      'hello',
      '[]',
      'null',
      '{"type":"restart"}',
      `{"type":"reset","x":"${'x'.repeat(2000)}"}`,
    ].entries()) {
      client.socket.send(text);
      expect(await client.next('error', 3 + index)).toMatchObject({
        code: 'BAD_MESSAGE',
        sequence: null,
        fatal: false,
      });
    }
    expect(engine.resets).toBe(0);
    client.socket.send('{"type":"reset"}');
    expect(await client.ask(1)).toMatchObject({ type: 'result' });
    expect(engine.resets).toBe(1);
    expect(client.misfits).toEqual([]);
  });

  it('is disconnected after a message that is too long', async () => {
    const { connect } = await startServer();
    const client = await connect(PRODUCE_PATH);
    client.socket.send(frameBytes(1, new Uint8Array(512 * 1024 - FRAME_HEADER_BYTES).fill(0xff)));
    expect(await client.next('result')).toMatchObject({ sequence: 1 });
    client.socket.send(frameBytes(2, new Uint8Array(512 * 1024 - FRAME_HEADER_BYTES + 1).fill(0xff)));
    expect(await client.end()).toMatchObject({ code: 1009 });
  });

  it('is refused when it sends too fast, and served again when it slows down', async () => {
    const { connect } = await startServer({ messagesPerSecond: 20 });
    const client = await connect(PRODUCE_PATH);
    for (let sequence = 0; sequence < 100; sequence += 1) client.sendFrame(sequence);
    await client.until(() => client.of('error').length > 0, 'a refusal');
    await wait(400);
    const refused = client.of('error');
    expect(refused[0]).toMatchObject({ code: 'TOO_FAST', fatal: false });
    expect(refused[0]!.sequence).toBeGreaterThanOrEqual(40);
    expect(refused.length).toBeLessThanOrEqual(25);
    expect(await client.ask(1000)).toMatchObject({ type: 'result' });
    expect(client.misfits).toEqual([]);
  });

  it.each([
    [
      'frames',
      (client: LiveClient) => {
        client.sendFrame(1);
      },
    ],
    [
      'texts',
      (client: LiveClient) => {
        client.socket.send('?');
      },
    ],
    [
      'pings',
      (client: LiveClient) => {
        client.socket.ping();
      },
      5,
    ],
  ])('is disconnected when it floods the server with %s', async (_what, send, atOnce = 1_000) => {
    const { connect, engine } = await startServer({ messagesPerSecond: 20 });
    const client = await connect(PRODUCE_PATH);
    for (let n = 0; n < 300; n += 1) {
      send(client);
      // Pings that are more than a few at once are ws's own affair.
      if (n % atOnce === 0) await wait(1);
    }
    expect(await client.end()).toEqual({ code: 4429, reason: 'TOO_FAST' });
    expect(client.messages.at(-1)).toMatchObject({ type: 'error', code: 'TOO_FAST', fatal: true });
    await client.until(() => engine.sessions.size === 0, 'its session to be closed');
    expect(client.misfits).toEqual([]);
  });

  it('that reads no answers is paused until it does', async () => {
    const { connect, server } = await startServer({ messagesPerSecond: 2_000 }, { faces: 100, work: 0 });
    const client = await connect(`${PRODUCE_PATH}?landmarks=1`);
    await client.next('hello');
    client.socket.pause();
    for (let sequence = 0; sequence < 120; sequence += 1) {
      client.sendFrame(sequence);
      await wait(3);
    }
    // An answer has 200 KB here; the kernel holds a few of them, the server only one or two.
    const received = await metric(server.url, 'ferstream_frames_received_total{role="producer"}');
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThan(90);
    client.socket.resume();
    await client.until(() => answered(client).length === 120, 'all answers', 30_000);
    expect(client.misfits).toEqual([]);
  });

  it('that disappears silently is disconnected', async () => {
    const { connect, engine } = await startServer({ pingEvery: 40 });
    const [silent, lively] = [await connect(PRODUCE_PATH, { autoPong: false }), await connect(PRODUCE_PATH)];
    await silent.next('hello');
    expect(engine.sessions.size).toBe(2);
    expect(await silent.end()).toMatchObject({ code: 1006 });
    await silent.until(() => engine.sessions.size === 1, 'its session to be closed');
    expect(await lively.ask(1)).toMatchObject({ type: 'result' });
  });

  it('is disconnected when its engine session fails; others stay connected', async () => {
    const { connect, engine, log } = await startServer();
    const client = await connect(PRODUCE_PATH);
    await client.ask(1);
    engine.dead = true;
    client.sendFrame(2);
    expect(await client.end()).toEqual({ code: 1011, reason: 'INTERNAL' });
    expect(client.messages.at(-1)).toMatchObject({ type: 'error', code: 'INTERNAL', fatal: true });
    const late = await connect(PRODUCE_PATH);
    expect(await late.end()).toMatchObject({ code: 1011 });
    engine.dead = false;
    expect(await (await connect(PRODUCE_PATH)).ask(1)).toMatchObject({ type: 'result' });
    expect(log).toEqual([
      'producer: message failed: the engine is dead',
      'producer: greeting failed: the engine is dead',
    ]);
    expect([...client.misfits, ...late.misfits]).toEqual([]);
  });
});
