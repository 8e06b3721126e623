import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openLiveSource } from '../../src/ingest/live/ffmpeg-live-source.js';
import { openLiveEngine } from '../../src/stream/live/open-live-engine.js';
import type { LiveEngine } from '../../src/stream/live/live-engine.js';
import { PRODUCE_PATH, WATCH_PATH, decodeFrameMessage } from '../../src/stream/protocol/messages.js';
import { openLiveServer } from '../../src/stream/server/live-server.js';
import type { LiveServer } from '../../src/stream/server/live-server.js';
import { PEOPLE } from '../support/face-frames.js';
import { LiveClient } from '../support/live-client.js';
import { webcamJpeg } from '../support/live-sessions.js';
import { runProcess, findFfmpeg } from '../../src/ingest/ffmpeg/binaries.js';
import { scratchDir } from '../support/scratch.js';

// Engine, ffmpeg and networks are the real ones; they take a while to start.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const PATIENCE = 60_000;
const { photo, ...section } = PEOPLE.blond;

let engine: LiveEngine | undefined;
let server: LiveServer | undefined;
let jpeg: Uint8Array;

beforeAll(async () => {
  jpeg = await webcamJpeg(photo, section, 480, 480);
  const folder = await scratchDir();
  await sharp(jpeg).toFile(join(folder, 'face.png'));
  const clip = join(folder, 'clip.mp4');
  const made = await runProcess(
    (await findFfmpeg()).path,
    ['-loop', '1', '-framerate', '10', '-i', join(folder, 'face.png'), '-t', '2', '-pix_fmt', 'yuv420p', clip],
    PATIENCE,
  );
  expect(made.exitCode).toBe(0);
  engine = await openLiveEngine();
  server = await openLiveServer(engine, { port: 0, source: openLiveSource(clip, { loop: true }), statsEvery: 500 });
});
afterAll(async () => {
  await server?.close();
  await engine?.close();
});

it('a producer and a viewer get expressions at the same time', async () => {
  const { url } = server!;
  const producer = await LiveClient.connect(url + PRODUCE_PATH);
  const viewer = await LiveClient.connect(`${url}${WATCH_PATH}?frames=1&landmarks=1`);
  const { model } = await producer.next('hello');
  expect(model).toEqual(engine!.description.model);

  for (let sequence = 1; sequence <= 5; sequence += 1) {
    producer.sendFrame(sequence, jpeg);
    await producer.until(() => producer.of('result').length === sequence, `result ${sequence}`, PATIENCE);
  }
  const { faces, width, height } = producer.of('result').at(-1)!;
  expect([width, height, faces.length]).toEqual([480, 480, 1]);
  expect(Object.keys(faces[0]!.probabilities)).toEqual(model.labels);

  await viewer.until(() => viewer.of('result').length >= 3, 'results of the source', PATIENCE);
  const watched = viewer.of('result')[2]!;
  expect(watched.faces).toHaveLength(1);
  expect(watched.faces[0]!.landmarks).toHaveLength(68);
  const picture = decodeFrameMessage(viewer.pictures[2]!);
  if (typeof picture === 'string') throw new Error(picture);
  expect(picture.sequence).toBe(watched.sequence);
  const { width: pictureWidth } = await sharp(picture.jpeg).metadata();
  expect(pictureWidth).toBe(watched.width);

  producer.sendFrame(6, jpeg.subarray(0, jpeg.length / 2));
  await producer.until(() => producer.of('error').length === 1, 'an error', PATIENCE);
  expect(producer.of('error')[0]).toMatchObject({ code: 'BAD_PICTURE', sequence: 6, fatal: false });
  await producer.next('stats');
  expect([...producer.misfits, ...viewer.misfits]).toEqual([]);
  await Promise.all([producer.leave(), viewer.leave()]);
});
