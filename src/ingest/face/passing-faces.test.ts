import { afterAll, beforeAll, expect, it } from 'vitest';
import { atRate, PEOPLE, photoFrame, plainFrame } from '../../../test/support/face-frames.js';
import { rememberNetworks } from '../../../test/support/remembered-networks.js';
import { openBackend } from '../../model/engines/open-backend.js';
import type { Frame } from '../frame.js';
import { FaceFollower } from './face-follower.js';
import { type FaceNets, loadFaceNets } from './face-nets.js';
import { intersectionOverSmaller } from './align/geometry.js';
import type { TrackedFace } from './track/track.js';

const RATE = 15;
const FRAMES = 36;
/** Pixels that each moves from one frame to the next. */
const STEP = 10;
const SIDE = 200;
const ROOM = plainFrame(640, 260, (x, y) => 110 + ((x * y) % 17));
let nets: FaceNets;
let passing: Frame[];

/** `picture` pasted onto `frame`, its left edge at `left`. */
function lay(picture: Frame, frame: Frame, left: number): Frame {
  const data = frame.data.slice();
  for (let y = 0; y < picture.height; y++) {
    for (let x = Math.max(0, -left); x < Math.min(picture.width, frame.width - left); x++) {
      const from = (y * picture.width + x) * 3;
      data.set(picture.data.subarray(from, from + 3), ((y + 30) * frame.width + left + x) * 3);
    }
  }
  return { ...frame, data };
}

beforeAll(async () => {
  rememberNetworks();
  await openBackend({ backend: 'wasm' });
  nets = await loadFaceNets();
  const [behind, before] = await Promise.all(
    [PEOPLE.blond, PEOPLE.ponytail].map(({ photo, ...section }) => photoFrame(photo, section, SIDE, SIDE)),
  );
  // One moves right; the other moves left, in front: the first is hidden for almost a second.
  passing = atRate(
    Array.from({ length: FRAMES }, (_, i) => lay(before!, lay(behind!, ROOM, STEP * i), 430 - STEP * i)),
    RATE,
  );
});

afterAll(() => {
  nets.dispose();
});

it.each([1, 5])(
  'two people who pass each other keep their ids, and their boxes do not overlap (detecting every %d frames)',
  async (detectEvery) => {
    const follower = new FaceFollower(nets, { detectEvery });
    const shown: TrackedFace[][] = [];
    for (const frame of passing) shown.push((await follower.update(frame)).filter((face) => !face.tentative));
    follower.dispose();
    const results = shown.map((faces) => faces.filter(({ provisional }) => !provisional)); // whose ids stay

    const byPlace = (faces: readonly TrackedFace[]): number[] =>
      [...faces].sort((a, b) => a.box.x - b.box.x).map(({ trackId }) => trackId);
    expect(byPlace(results[5]!)).toEqual([1, 2]);
    expect(byPlace(results.at(-1)!)).toEqual([2, 1]);
    expect(new Set(results.flat().map(({ trackId }) => trackId))).toEqual(new Set([1, 2]));
    expect(shown.flat().filter(({ provisional }) => provisional).length).toBeLessThan(shown.flat().length / 10);
    for (const [one, other] of shown) {
      if (one !== undefined && other !== undefined)
        expect(intersectionOverSmaller(one.box, other.box)).toBeLessThan(0.6);
    }
  },
);
