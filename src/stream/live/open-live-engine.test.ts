import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PEOPLE, noiseFrame, photoFrame } from '../../../test/support/face-frames.js';
import { openKept, webcamJpeg } from '../../../test/support/live-sessions.js';
import type { Answer } from '../../../test/support/live-sessions.js';
import { findPackage } from '../../model/engines/packages.js';
import type { BackendName } from '../../model/engines/backend.js';
import type { ResultMessage } from '../protocol/messages.js';
import type { LiveEngine } from './live-engine.js';
import { openLiveEngine } from './open-live-engine.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const { photo, ...section } = PEOPLE.blond;
/** That person's eyes and mouth, seen by eye, in pixels of the section. */
const EYES_AND_MOUTH = [
  { x: 155, y: 220 },
  { x: 258, y: 220 },
  { x: 203, y: 330 },
];

const engines: BackendName[] = ['wasm'];
if (findPackage('@tensorflow/tfjs-node') === null)
  console.warn('SKIPPED on tfjs-node: it is not installed (FERSTREAM_NATIVE_DIR)');
else engines.push('tfjs-node');

function resultOf(answer: Answer): ResultMessage {
  if (answer.kind !== 'result') throw new Error(`no result: ${JSON.stringify(answer)}`);
  return answer.result;
}

const opened = new Map<BackendName, Promise<LiveEngine>>();
/** One for each engine: it takes a while to start. */
function engineOn(backend: BackendName): Promise<LiveEngine> {
  const engine = opened.get(backend) ?? openLiveEngine({ backend, maxPixels: 3_000_000 });
  opened.set(backend, engine);
  return engine;
}
afterAll(() => Promise.all([...opened.values()].map(async (engine) => (await engine).close())));

let jpeg: Uint8Array;
let others: Uint8Array[];
beforeAll(async () => {
  jpeg = await webcamJpeg(photo, section, 480, 480);
  others = await Promise.all(
    [PEOPLE.ponytail, PEOPLE.sunken].map(({ photo: from, ...place }) => webcamJpeg(from, place)),
  );
});

/** The picture's bytes for one submission, which takes them over. */
function face(): { readonly kind: 'jpeg'; readonly bytes: Uint8Array } {
  return { kind: 'jpeg', bytes: jpeg.slice() };
}

describe.each(engines)('on %s', (backend) => {
  let engine: LiveEngine;
  beforeAll(async () => {
    engine = await engineOn(backend);
  });

  test('a face is found, tracked and classified', async () => {
    const { session, ask } = openKept(engine);
    expect(engine.description.engine.backend).toBe(backend);
    for (let i = 0; i < 6; i += 1) {
      const result = resultOf(await ask(face()));
      expect(result).toMatchObject({
        sequence: i,
        captureTime: (i * 1000) / 30,
        width: 480,
        height: 480,
        status: 'ok',
      });
      expect(result.timestamp).toBeCloseTo(i / 30);
      expect(result.faces).toHaveLength(1);
      const { trackId, box, landmarks, probabilities } = result.faces[0]!;
      expect(trackId).toBe(1);
      for (const { x, y } of EYES_AND_MOUTH) {
        expect(x > box.x && x < box.x + box.width).toBe(true);
        expect(y > box.y && y < box.y + box.height).toBe(true);
      }
      expect(box.width * box.height).toBeLessThan((480 * 480) / 3);
      expect(landmarks).toHaveLength(68);
      expect(Object.keys(probabilities)).toEqual(engine.description.model.labels);
      expect(Object.values(probabilities).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1);
      expect(result.timing.worked).toBeGreaterThan(0);
    }
    expect(engine.load).toBeGreaterThan(0);
    session.close();
  });

  test('RGB pictures are analyzed, and their memory is moved', async () => {
    const { session, ask } = openKept(engine);
    const { width, height, data } = await photoFrame(photo, section, 480, 480);
    expect(resultOf(await ask({ kind: 'rgb', width, height, data })).faces).toHaveLength(1);
    expect(data).toHaveLength(0);
    session.close();
  });

  test('sessions are independent and leave no tensors behind', async () => {
    const meet = async (): Promise<void> => {
      const kept = [0, 1, 2].map(() => openKept(engine));
      for (let i = 0; i < 3; i += 1) {
        const pictures = [jpeg, others[0]!, others[1]!].map((bytes) => ({
          kind: 'jpeg' as const,
          bytes: bytes.slice(),
        }));
        const results = (await Promise.all(kept.map(({ ask }, k) => ask(pictures[k]!)))).map(resultOf);
        expect(results.map(({ width }) => width)).toEqual([480, 640, 640]);
        expect(results.map(({ faces }) => faces.map(({ trackId }) => trackId))).toEqual([[1], [1], [1]]);
      }
      for (const [k, { session }] of kept.entries()) {
        // One of them in the middle of its work, one after a reset.
        if (k === 0) session.submit({ sequence: 99, captureTime: 9e3, picture: face() });
        if (k === 1) session.reset();
        session.close();
      }
    };
    await meet();
    const before = await engine.tensors();
    expect(before).toBeGreaterThan(10);
    await meet();
    expect(await engine.tensors()).toBe(before);
  });
});

describe('a session', () => {
  let engine: LiveEngine;
  beforeAll(async () => {
    engine = await engineOn('wasm');
  });

  test('answers every picture of a flood once: the newest is analyzed, those in between are skipped', async () => {
    // Its turn comes after the pictures that earlier tests have left; the engine answers when nothing is at work any more.
    const before = openKept(engine);
    await before.ask(face());
    before.session.close();
    await engine.tensors();
    const { session, answers, until } = openKept(engine);
    for (let sequence = 0; sequence < 10; sequence += 1)
      session.submit({ sequence, captureTime: sequence, picture: face() });
    expect(answers).toHaveLength(0);
    await until(10);
    const kinds = [...answers].sort((a, b) => a.sequence - b.sequence).map(({ kind }) => kind);
    expect(kinds).toEqual(['result', ...Array<string>(8).fill('skipped'), 'result']);
    session.close();
  });

  test('takes turns with others: all get as many answers, however many pictures they send', async () => {
    const kept = Array.from({ length: 4 }, () => openKept(engine));
    let sequence = 0;
    for (const { session } of kept) session.submit({ sequence, captureTime: 0, picture: face() });
    // The first session sends three times as often as the others.
    const counts = (): number[] => kept.map(({ answers }) => answers.filter(({ kind }) => kind === 'result').length);
    while (Math.min(...counts()) < 4) {
      for (const [k, { session }] of kept.entries()) {
        for (let i = 0; i < (k === 0 ? 3 : 1); i += 1)
          session.submit({ sequence: (sequence += 1), captureTime: sequence, picture: face() });
      }
      await sleep(5);
      // One answer ahead by turn, one more while a picture is still on its way to the engine; without turns it is three to one.
      expect(Math.max(...counts()) - Math.min(...counts())).toBeLessThanOrEqual(2);
    }
    for (const { session } of kept) session.close();
  });

  test('gets the problem of an invalid picture, and continues with the next', async () => {
    const { session, ask } = openKept(engine);
    const big = await sharp({ create: { width: 2_000, height: 1_501, channels: 3, background: '#777' } })
      .jpeg()
      .toBuffer();
    const problems: [Parameters<typeof ask>[0], string][] = [
      [{ kind: 'jpeg', bytes: new Uint8Array(await sharp(jpeg).png().toBuffer()) }, 'BAD_PICTURE'],
      [{ kind: 'jpeg', bytes: jpeg.slice(0, 5_000) }, 'BAD_PICTURE'],
      [{ kind: 'jpeg', bytes: new Uint8Array(big) }, 'PICTURE_TOO_LARGE'],
      [{ kind: 'rgb', width: 4, height: 4, data: new Uint8Array(47) }, 'BAD_PICTURE'],
      [{ kind: 'rgb', width: 0, height: 4, data: new Uint8Array(0) }, 'BAD_PICTURE'],
      [{ kind: 'rgb', width: 3_000, height: 3_000, data: new Uint8Array(3) }, 'PICTURE_TOO_LARGE'],
    ];
    for (const [picture, code] of problems)
      expect(await ask(picture)).toMatchObject({ kind: 'problem', problem: { code } });
    expect(resultOf(await ask(face())).faces).toHaveLength(1);
    session.close();
  });

  test('is answered, and stops no other session, where a program submits what is no picture', async () => {
    const bad = openKept(engine);
    for (const picture of [undefined, null, { kind: 'png' }, { kind: 'jpeg' }])
      expect(await bad.ask(picture as never)).toMatchObject({ kind: 'problem', problem: { code: 'BAD_PICTURE' } });
    const other = openKept(engine);
    expect(resultOf(await other.ask(face())).faces).toHaveLength(1);
    bad.session.close();
    other.session.close();
  });

  test.each([
    [1, 1],
    [2, 900],
    [900, 2],
    [33, 17],
    [1920, 1080],
  ])('takes a picture of %i x %i pixels', async (width, height) => {
    const { session, ask } = openKept(engine);
    for (let i = 0; i < 2; i += 1) {
      expect(resultOf(await ask({ kind: 'rgb', ...noiseFrame(width, height, i) }))).toMatchObject({ width, height });
    }
    session.close();
  });

  test('tolerates clocks that stop, step back or leap', async () => {
    const { session, ask } = openKept(engine);
    const captured = [1e12, 1e12, 1e12, 5, 5, 1e15, 0, 0, 1.7e308, 0, 40, 80];
    const results: ResultMessage[] = [];
    for (const time of captured) results.push(resultOf(await ask(face(), time)));
    expect(results.map(({ captureTime }) => captureTime)).toEqual(captured);
    expect(results.map(({ faces }) => faces.length)).toEqual(captured.map(() => 1));
    expect(results.slice(0, 5).every(({ faces }) => faces[0]!.trackId === 1)).toBe(true);
    for (let i = 1; i < results.length; i += 1)
      expect(results[i]!.timestamp).toBeGreaterThanOrEqual(results[i - 1]!.timestamp);
    session.close();
  });

  test('starts again after a reset', async () => {
    const { session, ask } = openKept(engine);
    await ask({ kind: 'jpeg', bytes: others[0]!.slice() });
    await ask({ kind: 'jpeg', bytes: others[1]!.slice() });
    const third = resultOf(await ask(face()));
    expect([third.faces[0]!.trackId, third.timestamp]).toEqual([3, expect.closeTo(2 / 30, 6)]);
    session.reset();
    const first = resultOf(await ask(face()));
    expect([first.faces[0]!.trackId, first.timestamp, first.sequence]).toEqual([1, 0, 3]);
    session.close();
  });

  test('that is closed gets no answers and accepts no pictures', async () => {
    const { session, answers } = openKept(engine);
    const neighbour = openKept(engine);
    for (let sequence = 0; sequence < 3; sequence += 1)
      session.submit({ sequence, captureTime: sequence, picture: face() });
    session.close();
    session.submit({ sequence: 3, captureTime: 3, picture: face() });
    session.reset();
    session.close();
    await neighbour.ask(face());
    await neighbour.ask(face());
    expect(answers).toEqual([]);
    neighbour.session.close();
  });
});

test.each([
  [{ model: 'no-such-model' }, 'CONFIG_INVALID', /no-such-model/],
  [{ model: './no/such/folder' }, 'WEIGHTS_MISSING', /no\/such\/folder/],
  [{ detectEvry: 2 }, 'CONFIG_INVALID', /did you mean "detectEvery"/],
  [{ maxPixels: 0 }, 'CONFIG_INVALID', /^maxPixels/],
])('%j is refused', async (options, code, message) => {
  await expect(openLiveEngine({ backend: 'wasm', ...options })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message) as string,
  });
});
