import { expect, it } from 'vitest';
import type { Frame } from '../../frame.js';
import type { FacePatch } from '../align/align-face.js';
import { DetectionPolicy } from './detection-policy.js';
import { lumaSignature } from './scene-cut.js';
import { type Sighting, Track } from './track.js';

const WIDTH = 320;
const HEIGHT = 240;
const FACE = { x: 40, y: 40, width: 80, height: 80 };

/** A grey picture with a bright square. */
function picture(time: number, square: { x: number; y: number; side: number } | null = null): Frame {
  const data = new Uint8Array(WIDTH * HEIGHT * 3).fill(90);
  for (let y = square?.y ?? HEIGHT; y < (square ? square.y + square.side : 0); y++)
    data.fill(200, (y * WIDTH + square!.x) * 3, (y * WIDTH + square!.x + square!.side) * 3);
  return { index: 0, timestamp: time, width: WIDTH, height: HEIGHT, data };
}

function track(score = 0.9): Track {
  const patch: FacePatch = { rgb: new Float32Array(3), grey: new Float32Array(1), coarse: new Float32Array(1) };
  const landmarks = Array.from({ length: 68 }, (_, i) => ({ x: 80 + i / 10, y: 80 }));
  return new Track(1, 1, { box: FACE, score, landmarks, patch, evidence: 'detected' }, 0, true);
}

/** Feeds frames at 50 per second; true where the policy does without the detector. */
function run(every: number | 'auto', frames: readonly Frame[], tracks: readonly Track[]): boolean[] {
  const policy = new DetectionPolicy(every);
  return frames.map((frame) => {
    policy.next(frame, lumaSignature(frame), tracks);
    const follows = policy.mayFollow(tracks);
    if (follows) policy.followed();
    else policy.detects();
    return follows;
  });
}

const seconds = (count: number): number[] => Array.from({ length: count }, (_, i) => i / 50);

it('every n-th frame', () => {
  const frames = seconds(7).map((time) => picture(time));
  expect(run(3, frames, [track()])).toEqual([true, true, false, true, true, false, true]);
  expect(run(1, frames, [track()])).toEqual(frames.map(() => false));
  expect(run(3, frames, [])).toEqual(frames.map(() => false));
});

it('auto searches for newcomers a few times a second, at any frame rate', () => {
  const often = run('auto', seconds(50).map((time) => picture(time)), [track()]); // prettier-ignore
  expect(often.filter((follows) => !follows).length).toBe(6);
  const rarely = Array.from({ length: 5 }, (_, i) => picture(i / 4));
  expect(run('auto', rarely, [track()])).toEqual([false, false, false, false, false]);
});

it('auto detects at once when something moves outside the known faces, not when a face moves', () => {
  const appears = (x: number, y: number): boolean[] =>
    run('auto', [picture(0), picture(0.02), picture(0.04), picture(0.06, { x, y, side: 60 })], [track()]);
  expect(appears(220, 150)).toEqual([false, true, true, false]);
  expect(appears(50, 50)).toEqual([false, true, true, true]);
});

it('auto gets used to steady motion', () => {
  const frames = seconds(100).map((time, i) => picture(time, { x: 200 + (i % 2) * 40, y: 150, side: 60 }));
  const follows = run('auto', frames, [track()]);
  expect(follows[1]).toBe(false);
  expect(follows.slice(50).filter((one) => !one).length).toBeLessThan(8);
});

it('auto looks again at an empty picture only when it has changed, or after a while', () => {
  const frames = [picture(0), picture(0.02), picture(0.3), picture(0.55), picture(0.57, { x: 100, y: 100, side: 40 })];
  expect(run('auto', frames, [])).toEqual([false, true, true, false, false]);
});

it('auto detects a face again whose score has fallen', () => {
  const policy = new DetectionPolicy('auto');
  const sighting = (score: number): Sighting => {
    const { box, landmarks, patch } = track();
    return { box, landmarks, patch, evidence: 'followed', score };
  };
  expect(policy.hasFaded(track(0.9), sighting(0.85))).toBe(false);
  expect(policy.hasFaded(track(0.9), sighting(0.6))).toBe(true);
  expect(new DetectionPolicy(5).hasFaded(track(0.9), sighting(0.1))).toBe(false);
});
