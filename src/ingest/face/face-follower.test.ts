import { tf } from '../../model/tfjs.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  atRate,
  beside,
  noiseFrame,
  PEOPLE,
  photoFrame,
  plainFrame,
  slidingPeople,
} from '../../../test/support/face-frames.js';
import { forgetAnswers, rememberNetworks } from '../../../test/support/remembered-networks.js';
import { openBackend } from '../../model/engines/open-backend.js';
import type { Frame } from '../frame.js';
import { FaceFollower, type FaceOptions } from './face-follower.js';
import { type FaceNets, loadFaceNets } from './face-nets.js';
import type { TrackedFace } from './track/track.js';

const SIDE = 256;
const RATE = 25;
let nets: FaceNets;
/** Ten frames of each person. */
let shots: Record<keyof typeof PEOPLE, Frame[]>;

beforeAll(async () => {
  rememberNetworks();
  await openBackend({ backend: 'wasm' });
  nets = await loadFaceNets();
  shots = await slidingPeople(10, SIDE);
});

afterAll(() => {
  nets.dispose();
});

const nobody = (count: number): Frame[] => Array.from({ length: count }, (_, i) => noiseFrame(SIDE, SIDE, i + 1));
const wall = (count: number): Frame[] =>
  Array.from({ length: count }, () => plainFrame(SIDE, SIDE, (x, y) => 120 + ((x * y) % 13)));

async function follow(frames: readonly Frame[], options: FaceOptions = {}): Promise<TrackedFace[][]> {
  const follower = new FaceFollower(nets, options);
  const results: TrackedFace[][] = [];
  for (const frame of atRate(frames, RATE)) results.push(await follower.update(frame));
  follower.dispose();
  return results;
}

/** Ids of the faces that are not tentative, per frame. */
function ids(results: readonly (readonly TrackedFace[])[]): number[][] {
  return results.map((faces) => faces.filter(({ tentative }) => !tentative).map(({ trackId }) => trackId));
}

/** The value that all elements share, else all of them (for a readable failure). */
function constant<T>(values: readonly T[]): T | readonly T[] {
  return new Set(values.map((value) => JSON.stringify(value))).size === 1 ? values[0]! : values;
}

describe('FaceFollower', () => {
  it.each([1, 5])('keeps one id for one person, detecting every %d frames', async (detectEvery) => {
    const results = await follow(shots.blond, { detectEvery });
    expect(constant(ids(results))).toEqual([1]);
    const evidence = results.map(([face]) => face!.evidence);
    expect(evidence.filter((kind) => kind === 'followed')).toHaveLength(detectEvery === 1 ? 0 : 8);
  });

  it('follows a moving face and measures its quality', async () => {
    const results = await follow(shots.blond, { detectEvery: 5 });
    const first = results[0]![0]!;
    const last = results[9]![0]!;
    // The window slides right by 36 pixels and down by 9 in all.
    expect(last.box.x - first.box.x).toBeCloseTo(-36, -1);
    expect(last.landmarks[30]!.x - first.landmarks[30]!.x).toBeCloseTo(-36, -1);
    expect(first.landmarks).toHaveLength(68);
    for (const share of [first.quality.overall, first.quality.sharpness, first.score]) {
      expect(share).toBeGreaterThan(0.2);
      expect(share).toBeLessThanOrEqual(1);
    }
    expect(first.quality.size).toBeGreaterThan(20);
    expect(first.quality.size).toBeLessThan(80);
  });

  it('finds no face where there is none', async () => {
    const results = await follow([...nobody(4), ...wall(4)]);
    expect(constant(results)).toEqual([]);
  });

  it('keeps two ids for two people through a shot', async () => {
    const both = shots.blond.slice(0, 6).map((frame, i) => beside(frame, shots.ponytail[i]!));
    expect(constant(ids(await follow(both)))).toEqual([1, 2]);
  });

  it('re-identifies people after cuts, in any order', async () => {
    const { blond, ponytail, sunken } = shots;
    const order = [blond, ponytail, sunken, ponytail, blond];
    const results = await follow(order.flatMap((shot) => shot.slice(0, 9)));
    const last = order.map((_, i) => ids(results)[i * 9 + 8]);
    expect(last[0]).not.toEqual(last[1]);
    expect(last[1]).not.toEqual(last[2]);
    expect(last[2]).not.toEqual(last[0]);
    expect(last.slice(3)).toEqual([last[1], last[0]]);
    expect(last.flat()).toHaveLength(5);
  });

  it('does not keep an id by position across a cut', async () => {
    const results = ids(await follow([...shots.blond.slice(0, 4), ...shots.ponytail.slice(0, 9)]));
    expect(results.slice(4).flat()).not.toContain(1);
  });

  it('re-identifies a person after an absence', async () => {
    const results = ids(await follow([...shots.blond.slice(0, 4), ...wall(20), ...shots.blond.slice(0, 4)]));
    expect(results[0]).toEqual([1]);
    expect(results[14]).toEqual([]);
    expect(results.at(-1)).toEqual([1]);
  });

  it('lets a face coast through a short occlusion, and marks it', async () => {
    const { box } = (await follow(shots.blond.slice(0, 5))).at(-1)![0]!;
    const isHand = (x: number, y: number): boolean =>
      x > box.x - 12 && x < box.x + box.width + 12 && y > box.y - 20 && y < box.y + box.height + 12;
    const hidden = shots.blond.slice(4, 7).map((frame) => ({
      ...frame,
      data: frame.data.map((value, i) => (isHand(Math.floor(i / 3) % SIDE, Math.floor(i / 3 / SIDE)) ? 150 : value)),
    }));
    const results = await follow([...shots.blond.slice(0, 4), ...hidden, ...shots.blond.slice(7)]);
    const during = results.slice(4, 7).flat();
    expect(during.map(({ trackId }) => trackId)).toEqual([1, 1, 1]);
    for (const { evidence, tentative } of during) expect([evidence, tentative]).toEqual(['coasted', true]);
    expect(ids(results).at(-1)).toEqual([1]);
  });

  it('respects minSize and maxFaces', async () => {
    expect((await follow(shots.blond.slice(0, 2), { minSize: 200 })).flat()).toEqual([]);
    const both = beside(shots.blond[0]!, shots.ponytail[0]!);
    expect((await follow([both], { maxFaces: 1 }))[0]).toHaveLength(1);
  });

  it('keeps the id when the frame size changes', async () => {
    const { photo, ...section } = PEOPLE.blond;
    const larger = await photoFrame(photo, section, 400, 400);
    expect(ids(await follow([shots.blond[0]!, larger, larger]))).toEqual([[1], [1], [1]]);
  });

  it('refuses frames that are not what they say, in which nobody would be seen, and goes on with the next', async () => {
    const follower = new FaceFollower(nets);
    const [good, next] = atRate(shots.blond.slice(0, 2), RATE) as [Frame, Frame];
    await follower.update(good);
    const { data } = next;
    const chroma = { black: 16, luma: 1, redV: 1, greenU: 1, greenV: 1, blueU: 1 };
    const wrong: [Partial<Record<keyof Frame, unknown>>, RegExp][] = [
      [
        { data: new Uint8Array(SIDE * SIDE * 4) },
        /^frame 1: 262144 bytes .* RGB \(196608 bytes\): leave out the fourth byte/,
      ],
      [{ data: data.subarray(1) }, /give all pixels/],
      [{ yuv: chroma }, /planar YUV 4:2:0 \(98304 bytes\)/],
      [{ data: new Float32Array(data.length) }, /Uint8Array/],
      [{ data: undefined }, /Uint8Array/],
      [{ width: 0, height: 0, data: new Uint8Array(0) }, /0 x 0 is no size/],
      [{ width: SIDE / 2 + 0.5, height: SIDE * 2 }, /whole pixels/],
      [{ timestamp: NaN }, /NaN is no time/],
      [{ timestamp: -1 }, /-1 s is before the frame before it \(0 s\)/],
    ];
    for (const [change, message] of wrong)
      await expect(follower.update({ ...next, ...change } as Frame)).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringMatching(message) as string,
      });
    expect((await follower.update(next)).map(({ trackId }) => trackId)).toEqual([1]);
    follower.dispose();
  });

  it('leaks no tensor', async () => {
    await follow(shots.blond.slice(0, 2));
    forgetAnswers();
    const before = tf.memory().numTensors;
    await follow([...shots.blond.slice(0, 3), ...shots.ponytail.slice(0, 3), ...nobody(1)], { detectEvery: 2 });
    expect(tf.memory().numTensors).toBe(before);
  });
});
