import { ambiguity } from '../../src/stream/pipeline/frame-result.js';
import type { LiveFace } from '../../src/stream/protocol/messages.js';

/** A face with these posteriors, as a live server sends it. */
export function liveFace(probabilities: Readonly<Record<string, number>>, more: Partial<LiveFace> = {}): LiveFace {
  const [label] = Object.entries(probabilities).reduce((best, next) => (next[1] > best[1] ? next : best));
  return {
    trackId: 1,
    box: { x: 10, y: 20, width: 30, height: 40 },
    score: 0.9,
    evidence: 'detected',
    quality: { size: 20, sharpness: 0.5, yaw: 0, roll: 0, pitch: 0, overall: 0.7, eyesVisible: 1, mouthVisible: 1 },
    eyeOpening: 0.3,
    mouthOpening: 0,
    probabilities,
    label,
    ambiguity: ambiguity(Object.values(probabilities)),
    certainty: 0.95,
    trust: 'sure',
    ...more,
  };
}
