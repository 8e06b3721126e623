import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { collect, useBundledFfmpeg } from '../../../test/ingest/support/clips.js';
import { rememberNetworks } from '../../../test/support/remembered-networks.js';
import { openBackend } from '../../model/engines/open-backend.js';
import type { Frame } from '../frame.js';
import { expandInputs } from '../sources/expand-inputs.js';
import { openSource } from '../sources/open-source.js';
import { FaceFollower } from './face-follower.js';
import { type FaceNets, loadFaceNets } from './face-nets.js';
import type { DetectEvery } from './track/detection-policy.js';
import type { TrackedFace } from './track/track.js';

const MEDIA = fileURLToPath(new URL('../../../../shared/media/', import.meta.url));
const available = existsSync(MEDIA);
if (!available) console.warn(`SKIPPED: face following in real footage, there is none at ${MEDIA}`);

describe.skipIf(!available)('real footage', () => {
  let nets: FaceNets;
  beforeAll(async () => {
    rememberNetworks();
    useBundledFfmpeg();
    await openBackend({ backend: 'wasm' });
    nets = await loadFaceNets();
  });
  afterAll(() => {
    nets.dispose();
    decoded.clear();
    followed.clear();
  });

  interface Followed {
    /** Faces that are not tentative in each frame. */
    readonly results: readonly TrackedFace[][];
    /** Searches of the detector. */
    readonly detections: number;
  }
  type Part = readonly [name: string, start: number, end: number, detectEvery: DetectEvery];
  const followed = new Map<string, Promise<Followed>>();

  /** Follows the faces between `start` and `end` seconds, once: several tests look at the same part. */
  function follow(...part: Part): Promise<Followed> {
    const key = part.join(' ');
    const known = followed.get(key) ?? followPart(...part);
    followed.set(key, known);
    return known;
  }

  const decoded = new Map<string, Promise<Frame[]>>();

  function framesOf(name: string, start: number, end: number): Promise<Frame[]> {
    const key = [name, start, end].join(' ');
    const frames = decoded.get(key) ?? decode(name, start, end);
    decoded.set(key, frames);
    return frames;
  }

  async function decode(name: string, start: number, end: number): Promise<Frame[]> {
    const { inputs } = await expandInputs([MEDIA + name]);
    return collect(await openSource(inputs[0]!, { start, end, width: 480 }));
  }

  async function followPart(...[name, start, end, detectEvery]: Part): Promise<Followed> {
    const frames = await framesOf(name, start, end);
    const detect = vi.spyOn(nets.detector, 'detect');
    const follower = new FaceFollower(nets, { detectEvery });
    const results: TrackedFace[][] = [];
    for (const frame of frames) results.push((await follower.update(frame)).filter(({ tentative }) => !tentative));
    follower.dispose();
    const detections = detect.mock.calls.length;
    detect.mockRestore();
    return { results, detections };
  }

  it.each([
    ['d0.mp4', 0, 0.8, 1],
    ['d10.mp4', 0.8, 1.5, 2],
    ['d13.mp4', 2, 2.7, 1],
    ['d18.mp4', 0.8, 1.5, 5],
    ['d20.mp4', 0.8, 1.6, 3],
    ['s32.mp4', 2, 2.7, 1],
    ['single_face.mp4', 0.8, 1.6, 5],
  ] as const)(
    '%s from %d to %d s: one face, one id, in all frames (detecting every %d)',
    async (name, start, end, every) => {
      const { results } = await follow(name, start, end, every);
      expect(results.length).toBeGreaterThan(15);
      expect(results.filter((faces) => faces.length === 1).length / results.length).toBeGreaterThanOrEqual(0.97);
      expect(new Set(results.flat().map(({ trackId }) => trackId)).size).toBe(1);
    },
  );

  it.each([
    ['d0.mp4', 0, 0.8],
    ['d13.mp4', 2, 2.7],
    ['d20.mp4', 0.8, 1.6],
    ['s32.mp4', 2, 2.7],
    ['single_face.mp4', 0.8, 1.6],
    ['face_noface.mov', 2.1, 2.8],
    ['multi_face.jpg', 0, 1],
    ['no_face.mp4', 2.5, 3.2],
  ] as const)(
    '%s: detecting when there is reason to finds no face less, and the same people',
    async (name, start, end) => {
      const { results: every, detections } = await follow(name, start, end, 1);
      const { results: auto, detections: needed } = await follow(name, start, end, 'auto');
      expect(needed).toBeLessThanOrEqual(detections);
      expect(auto.length).toBe(every.length);
      expect(auto.filter((faces, i) => faces.length < every[i]!.length)).toEqual([]);
      const idsOf = (results: readonly TrackedFace[][]): number[] => [
        ...new Set(results.flat().map(({ trackId }) => trackId)),
      ];
      expect(idsOf(auto)).toEqual(idsOf(every));
    },
  );

  it('no_face.mp4: no face', async () => {
    for (const every of [1, 'auto'] as const) {
      const { results } = await follow('no_face.mp4', 2.5, 3.2, every);
      expect(results.length).toBeGreaterThan(15);
      expect(results.flat()).toEqual([]);
    }
  });

  it.each([1, 'auto'] as const)('face_noface.mov: a face until the cut, then none (detecting %s)', async (every) => {
    const shown = (await follow('face_noface.mov', 2.1, 2.8, every)).results.map((faces) => faces.length);
    const firstEmpty = shown.indexOf(0);
    expect(firstEmpty).toBeGreaterThan(5);
    expect(shown.slice(0, firstEmpty).every((count) => count === 1)).toBe(true);
    expect(shown.slice(firstEmpty).every((count) => count === 0)).toBe(true);
  });
});
