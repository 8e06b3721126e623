import { expect, it } from 'vitest';
import type { FaceEvidence, TrackedFace } from '../../ingest/index.js';
import { MainFace } from './main-face.js';

function face(trackId: number, side: number, evidence: FaceEvidence = 'detected'): TrackedFace {
  return {
    trackId,
    tracklet: trackId,
    box: { x: 0, y: 0, width: side, height: side },
    score: 1,
    landmarks: [],
    quality: { size: side, sharpness: 1, yaw: 0, roll: 0, overall: 1 },
    evidence,
    tentative: false,
  };
}

it('is the largest face at first, and the same person for as long as they are seen', () => {
  const main = new MainFace();
  expect(main.choose([])).toBeNull();
  expect(main.choose([face(1, 50), face(2, 80)])?.trackId).toBe(2);
  expect(main.choose([face(1, 90), face(2, 80)])?.trackId).toBe(2);
  expect(main.choose([face(1, 90), face(2, 80, 'carried')])?.trackId).toBe(1);
  expect(main.choose([face(1, 20, 'carried')])).toBeNull();
  expect(main.choose([face(2, 80), face(1, 20)])?.trackId).toBe(1);
});
