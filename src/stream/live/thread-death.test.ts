import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { builtModule } from '../../../test/support/built-file.js';
import { PEOPLE, plainFrame } from '../../../test/support/face-frames.js';
import { openKept, webcamJpeg } from '../../../test/support/live-sessions.js';
import { MORTAL_WIDTHS } from '../../../test/support/mortal-widths.js';
import type { LiveEngine, RgbPicture } from './live-engine.js';
import { openLiveEngine } from './open-live-engine.js';

// Most of it is time that threads take to start.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const { photo, ...section } = PEOPLE.blond;
/** What is quick to load and to look for. */
const QUICK = { backend: 'wasm', model: 'face-api', rotate: 0 } as const;
const warnings: string[] = [];
const threadOf = (name: string): URL => builtModule(`test/support/${name}.ts`);
const options = (name: string) => ({
  module: threadOf(name),
  warn: (line: string) => {
    warnings.push(line);
  },
});

let engine: LiveEngine;
let jpeg: Uint8Array;
let threadsBefore: number;
beforeAll(async () => {
  threadsBefore = threadsAlive();
  jpeg = await webcamJpeg(photo, section);
  engine = await openLiveEngine(QUICK, options('mortal-analyzer'));
});
afterAll(() => engine.close());
beforeEach(() => {
  warnings.length = 0;
});

function picture(width: number): RgbPicture {
  return { kind: 'rgb', ...plainFrame(width, 20, () => 90) };
}

function threadsAlive(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
}

test.each([
  ['exit', 'ended with code 7'],
  ['throw', 'no memory left;'],
] as const)(
  'a thread that dies (%s) is replaced: the frame at work fails, the waiting one is analyzed, streams start again',
  async (how, why) => {
    const [one, two] = [openKept(engine), openKept(engine)];
    for (const { ask } of [one, two])
      expect(await ask({ kind: 'jpeg', bytes: jpeg.slice() })).toMatchObject({ kind: 'result' });
    const deadly = one.ask(picture(MORTAL_WIDTHS[how]));
    const waiting = two.ask({ kind: 'jpeg', bytes: jpeg.slice() });
    expect(await deadly).toMatchObject({ kind: 'problem', problem: { code: 'INTERNAL' } });
    expect(await waiting).toMatchObject({ kind: 'result', result: { faces: [{ trackId: 1 }] } });
    expect(await one.ask({ kind: 'jpeg', bytes: jpeg.slice() })).toMatchObject({
      kind: 'result',
      result: { faces: [{ trackId: 1 }] },
    });
    expect(warnings.join('\n')).toContain(why);
    expect(warnings.join('\n')).toContain('starting another one');
    // One of them decodes.
    expect(threadsAlive() - threadsBefore).toBe(2);
    for (const { session, answers } of [one, two]) {
      expect(new Set(answers.map(({ sequence }) => sequence)).size).toBe(answers.length);
      session.close();
    }
  },
);

test('a frame that fails is answered with a problem; after three in a row the thread is replaced', async () => {
  const { session, ask } = openKept(engine);
  const before = await engine.tensors();
  for (const failures of [1, 2, 3]) {
    expect(await ask(picture(MORTAL_WIDTHS.fail))).toMatchObject({
      kind: 'problem',
      problem: { code: 'INTERNAL', message: expect.not.stringContaining('memory') as string },
    });
    expect(warnings.filter((line) => line.includes('memory access out of bounds'))).toHaveLength(failures);
    expect(warnings.some((line) => line.includes('starting another one'))).toBe(failures === 3);
  }
  expect(await ask({ kind: 'jpeg', bytes: jpeg.slice() })).toMatchObject({ kind: 'result' });
  expect(warnings.join('\n')).toContain('3 frames in a row; starting another one');
  session.close();
  expect(await engine.tensors()).toBe(before);
});

test('a stream that cannot be forgotten ends the thread, and no session gets the answer of another', async () => {
  const [one, two] = [openKept(engine), openKept(engine)];
  expect(await one.ask(picture(MORTAL_WIDTHS.stick))).toMatchObject({ kind: 'result' });
  one.session.close();
  const widths = [];
  for (const width of [40, 50, 60]) {
    const answer = await two.ask(picture(width));
    if (answer.kind === 'result') widths.push([width, answer.result.width]);
  }
  expect(widths).toContainEqual([60, 60]);
  for (const [asked, got] of widths) expect(got).toBe(asked);
  expect(warnings.join('\n')).toContain('disposed twice; starting another one');
  two.session.close();
});

test('a thread that keeps dying is not restarted, and every later frame is answered with a problem', async () => {
  const hopeless = await openLiveEngine(QUICK, options('short-lived-analyzer'));
  const { ask } = openKept(hopeless);
  for (let i = 0; i < 6; i += 1)
    expect(await ask(picture(40))).toMatchObject({ kind: 'problem', sequence: i, problem: { code: 'INTERNAL' } });
  expect(warnings.filter((line) => line.includes('starting another one'))).toHaveLength(3);
  expect(warnings.join('\n')).toContain('giving up: restart fer live');
  await expect(hopeless.tensors()).rejects.toMatchObject({ code: 'INTERNAL' });
  await hopeless.close();
});

test('closing does not wait for the frame at work, and leaves no thread behind', async () => {
  const before = threadsAlive();
  const closing = await openLiveEngine(QUICK);
  expect(threadsAlive()).toBe(before + 2);
  const { session, answers } = openKept(closing);
  session.submit({ sequence: 0, captureTime: 0, picture: { kind: 'jpeg', bytes: jpeg.slice() } });
  await closing.close();
  session.submit({ sequence: 1, captureTime: 1, picture: { kind: 'jpeg', bytes: jpeg.slice() } });
  expect(answers).toEqual([]);
  expect(threadsAlive()).toBe(before);
});
