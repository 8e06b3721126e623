import type { MeasuredFace } from '../../src/stream/pipeline/frame-result.js';

/** A face that was seen clearly, as the pipeline hands it to the clip window. */
export function measuredFace(fields: Partial<MeasuredFace> = {}): MeasuredFace {
  return {
    trackId: 1,
    tracklet: 1,
    box: { x: 0, y: 0, width: 9, height: 9 },
    score: 0.9,
    landmarks: [],
    quality: { size: 40, sharpness: 1, yaw: 0, roll: 0, overall: 1 },
    evidence: 'detected',
    tentative: false,
    provisional: false,
    yaw: 0,
    pitch: 0,
    mouthOpening: 0,
    eyeOpening: 0.3,
    eyesVisible: 1,
    mouthVisible: 1,
    ...fields,
  };
}
