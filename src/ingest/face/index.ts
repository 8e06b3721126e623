export type { Box, Point } from './geometry.js';
export type { FaceEvidence, FaceQuality, TrackedFace } from './tracked-face.js';
