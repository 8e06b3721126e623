import { afterAll, beforeAll, expect, test } from 'vitest';
import { PEOPLE } from '../../../test/support/face-frames.js';
import { openKept, webcamJpeg } from '../../../test/support/live-sessions.js';
import type { LiveEngine } from './live-engine.js';
import { openLiveEngine } from './open-live-engine.js';

const { photo, ...section } = PEOPLE.blond;
/** Where that person's face is, as seen by eye, in pixels. */
const FACE = { x: 228, y: 277, side: 220 };
let engine: LiveEngine;
let jpeg: Uint8Array;
beforeAll(async () => {
  [engine, jpeg] = await Promise.all([openLiveEngine({ backend: 'wasm' }), webcamJpeg(photo, section, 480, 480)]);
});
afterAll(() => engine.close());

test('a face in a picture is found, followed and named', async () => {
  const { session, ask } = openKept(engine);
  const { labels } = engine.description.model;
  for (let i = 0; i < 6; i += 1) {
    const answer = await ask({ kind: 'jpeg', bytes: jpeg.slice() });
    if (answer.kind !== 'result') throw new Error(JSON.stringify(answer));
    const { result } = answer;
    expect(result).toMatchObject({ sequence: i, width: 480, height: 480, status: 'ok' });
    expect(result.timestamp).toBeCloseTo(i / 30);
    expect(result.faces).toHaveLength(1);
    const { trackId, box, probabilities } = result.faces[0]!;
    expect(trackId).toBe(1);
    expect(Math.abs(box.x + box.width / 2 - FACE.x)).toBeLessThan(FACE.side / 5);
    expect(Math.abs(box.y + box.height / 2 - FACE.y)).toBeLessThan(FACE.side / 5);
    expect(Object.keys(probabilities)).toEqual(labels);
    expect(Object.values(probabilities).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1);
    expect(result.timing.worked).toBeGreaterThan(0);
  }
  session.close();
});
