import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { LiveProducer } from '../../src/stream/client/live-producer.js';
import { LiveViewer } from '../../src/stream/client/live-viewer.js';
import type { ConnectionState } from '../../src/stream/client/live-connection.js';
import { openLiveServer } from '../../src/stream/server/live-server.js';
import { FakeLiveEngine } from '../support/fake-live-engine.js';
import { FakeLiveSource } from '../support/fake-live-source.js';
import { startServer } from '../support/live-server.js';

const JPEG = new Uint8Array(
  await sharp({ create: { width: 32, height: 24, channels: 3, background: '#888' } })
    .jpeg()
    .toBuffer(),
);

/** Resolves with the first state of that kind. */
function until(client: LiveProducer | LiveViewer, wanted: ConnectionState['state']): Promise<ConnectionState> {
  return new Promise((resolve) => {
    if (client.state.state === wanted) resolve(client.state);
    // A function for both, as their events differ.
    const listen = client.on.bind(client) as (event: 'state', listener: (state: ConnectionState) => void) => () => void;
    const stop = listen('state', (state) => {
      if (state.state !== wanted) return;
      stop();
      resolve(state);
    });
  });
}

describe('the client over a real WebSocket', () => {
  it('gets one answer for every frame, and never has too many unanswered', async () => {
    const { server } = await startServer();
    const producer = new LiveProducer(server.url, { WebSocket });
    const answered: number[] = [];
    let most = 0;
    producer.on('result', ({ sequence, captureTime }) => {
      expect(captureTime).toBe(1000 + sequence);
      answered.push(sequence);
    });
    producer.on('skipped', ({ sequence }) => answered.push(sequence));
    await until(producer, 'open');
    const sent: number[] = [];
    while (sent.length < 20) {
      const sequence = producer.send(JPEG, 1000 + sent.length);
      if (sequence !== null) sent.push(sequence);
      most = Math.max(most, sent.length - answered.length);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await expect.poll(() => answered.toSorted((a, b) => a - b)).toEqual(sent);
    expect(most).toBeLessThanOrEqual(2);
    expect(producer.counts).toMatchObject({ sent: 20, lost: 0 });
    producer.close();
  });

  it('reconnects when the server is back', async () => {
    const first = await openLiveServer(new FakeLiveEngine(), { port: 0 });
    const producer = new LiveProducer(first.url, { WebSocket });
    await until(producer, 'open');
    await first.close();
    expect(await until(producer, 'waiting')).toMatchObject({
      reason: expect.stringMatching(/shutting down/) as unknown,
    });
    const second = await openLiveServer(new FakeLiveEngine(), { port: first.port });
    await until(producer, 'open');
    const result = new Promise((resolve) => producer.on('result', resolve));
    producer.send(JPEG, 5);
    expect(await result).toMatchObject({ sequence: 0, captureTime: 5 });
    producer.close();
    await second.close();
  });

  it('is refused permanently with a wrong token, and without a source', async () => {
    const { server } = await startServer({ token: 'right-token' });
    const producer = new LiveProducer(server.url, { WebSocket, token: 'wrong-token' });
    expect(await until(producer, 'refused')).toMatchObject({ problem: { code: 'UNAUTHORIZED' } });
    const viewer = new LiveViewer(server.url, { WebSocket, token: 'right-token' });
    expect(await until(viewer, 'refused')).toMatchObject({ problem: { code: 'NO_SOURCE' } });
  });

  it('watches: each picture before its result', async () => {
    const { server } = await startServer({ source: new FakeLiveSource({ every: 20 }) });
    const viewer = new LiveViewer(server.url, { WebSocket, frames: true });
    const order: string[] = [];
    viewer.on('frame', ({ sequence, jpeg }) => {
      expect([...jpeg.subarray(0, 2)]).toEqual([0xff, 0xd8]);
      order.push(`frame ${sequence}`);
    });
    viewer.on('result', ({ sequence }) => order.push(`result ${sequence}`));
    const source = new Promise((resolve) =>
      viewer.on('source', ({ name }) => {
        resolve(name);
      }),
    );
    expect(await source).toBe('fake camera');
    await expect.poll(() => order.length, { timeout: 60_000 }).toBeGreaterThan(8);
    viewer.close();
    for (let k = 0; k + 1 < order.length; k += 2) expect(order[k + 1]).toBe(order[k]!.replace('frame', 'result'));
  });

  it('waits while there is no server', async () => {
    const gone = await openLiveServer(new FakeLiveEngine(), { port: 0 });
    await gone.close();
    const viewer = new LiveViewer(gone.url, { WebSocket });
    expect(await until(viewer, 'waiting')).toMatchObject({ reason: 'the server cannot be reached' });
    viewer.close();
  });
});
