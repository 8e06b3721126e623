import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRODUCE_PATH, WATCH_PATH } from '../../src/stream/protocol/messages.js';
import { FakeLiveSource } from '../support/fake-live-source.js';
import { frameBytes } from '../support/live-client.js';
import type { LiveClient } from '../support/live-client.js';
import { metric, startServer } from '../support/live-server.js';
import type { TestServer } from '../support/live-server.js';
import { rawExchange, requestText, upgradeText } from '../support/raw-http.js';

const SEED = 20;
const MESSAGES = 10_000;

const bytes = fc.uint8Array({ maxLength: 200 });

/** A frame with some of its bytes changed. */
const spoiltFrame = fc
  .record({
    sequence: fc.nat(),
    jpeg: bytes,
    changes: fc.array(fc.record({ at: fc.nat(), value: fc.nat(255) }), { maxLength: 4 }),
  })
  .map(({ sequence, jpeg, changes }) => {
    const frame = frameBytes(sequence, jpeg);
    for (const { at, value } of changes) frame[at % frame.length] = value;
    return frame;
  });

const message: fc.Arbitrary<Uint8Array | string> = fc.oneof(
  bytes,
  spoiltFrame,
  fc.string({ maxLength: 100, unit: 'binary' }),
  fc.json({ maxDepth: 3 }),
  fc.constantFrom(
    '{"type":"reset"}',
    '{"type":"result"}',
    '{"__proto__":{"type":"reset"}}',
    '['.repeat(900),
    '',
    `"${'x'.repeat(5_000)}"`,
  ),
);

/** Sends all of them, over new connections whenever the server has closed one; a frame of a client that behaves is answered all along. */
async function pelt(
  { connect }: TestServer,
  path: string,
  messages: readonly (Uint8Array | string)[],
  other: LiveClient,
): Promise<void> {
  let client = await connect(path);
  for (const [index, each] of messages.entries()) {
    if (client.socket.readyState !== client.socket.OPEN) client = await connect(path);
    client.socket.send(each);
    if (index % 250 === 0) {
      expect(await other.ask(index)).toMatchObject({ type: 'result' });
    }
  }
  client.socket.close();
  await client.end();
  expect(client.misfits).toEqual([]);
}

describe('ten thousand messages of any kind', () => {
  it('do no harm, and each frame among them is answered or refused once', async () => {
    const test = await startServer({ messagesPerSecond: 10_000, maxProducers: 2 }, { work: 0 });
    const other = await test.connect(PRODUCE_PATH);
    await pelt(test, PRODUCE_PATH, fc.sample(message, { numRuns: MESSAGES, seed: SEED }), other);
    await other.until(() => test.engine.sessions.size === 1, 'all but one to be gone');
    const count = (event: string) => metric(test.server.url, `ferstream_frames_${event}_total{role="producer"}`);
    const [received, answered, skipped, refused] = [
      await count('received'),
      await count('answered'),
      await count('skipped'),
      await count('refused'),
    ];
    expect(received).toBeGreaterThan(MESSAGES / 4);
    // The last frame of a connection may have been under way when it was closed.
    const unanswered = received - answered - skipped - refused;
    expect(unanswered).toBeGreaterThanOrEqual(0);
    expect(unanswered).toBeLessThanOrEqual(2);
    expect([answered, skipped, refused].every((events) => events > 0)).toBe(true);
    expect(test.engine.resets).toBeGreaterThan(0);
    expect(test.log).toEqual([]);
    expect(other.misfits).toEqual([]);
  });

  it('run into the usual limits, for producers and viewers', async () => {
    const test = await startServer({ source: new FakeLiveSource({ every: 20 }) });
    const other = await test.connect(PRODUCE_PATH);
    for (const path of [PRODUCE_PATH, WATCH_PATH])
      await pelt(test, path, fc.sample(message, { numRuns: 2_000, seed: SEED + 1 }), other);
    expect(await metric(test.server.url, 'ferstream_sessions{role="producer"}')).toBe(1);
    expect(await other.ask(99_999)).toMatchObject({ type: 'result' });
    expect(test.log).toEqual([]);
  });
});

describe('bytes that are neither WebSocket nor HTTP', () => {
  it('do no harm', async () => {
    const test = await startServer({ maxProducers: 1_000 });
    const { server, connect } = test;
    const other = await connect(PRODUCE_PATH);
    const garbage = fc.uint8Array({ minLength: 1, maxLength: 300 });
    const line = fc.tuple(
      fc.constantFrom('GET', 'HEAD', 'POST', 'CONNECT', 'PRI', ''),
      fc.string({ maxLength: 60, unit: 'binary' }),
    );
    const attempt: fc.Arbitrary<Uint8Array> = fc.oneof(
      garbage,
      // After the handshake: frames with any opcode, flags and lengths.
      fc
        .tuple(fc.constantFrom(PRODUCE_PATH, WATCH_PATH), garbage)
        .map(([path, rest]) => Buffer.concat([Buffer.from(upgradeText(path)), rest])),
      line.map(([method, target]) => Buffer.from(requestText(`${method} ${target}`))),
      fc
        .tuple(fc.nat(200), garbage)
        .map(([at, rest]) => Buffer.concat([Buffer.from(upgradeText(PRODUCE_PATH).slice(0, at)), rest])),
    );
    const attempts = fc.sample(attempt, { numRuns: 400, seed: SEED });
    for (let at = 0; at < attempts.length; at += 50) {
      await Promise.all(attempts.slice(at, at + 50).map((each) => rawExchange(server.port, each, 150)));
      expect(await other.ask(at)).toMatchObject({ type: 'result' });
    }
    await other.until(() => test.engine.sessions.size === 1, 'all but one to be gone');
    expect(await (await fetch(`${server.url}/healthz`)).json()).toMatchObject({
      ok: true,
      sessions: { producers: 1, viewers: 0 },
    });
    expect(test.log).toEqual([]);
    other.socket.close();
    await once(other.socket, 'close');
    expect(other.misfits).toEqual([]);
  });
});
