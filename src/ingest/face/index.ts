export { alignFace, cropToFrame } from './align.js';
export type { Detection, DetectorName, DetectorScores, FaceDetector, Search } from './detector.js';
export { type FaceOptions, FaceFollower } from './face-follower.js';
export { type FaceNetOptions, type FaceNets, loadDetector, loadFaceNets } from './face-nets.js';
export type { Box, Point } from './geometry.js';
export type { LandmarkNetName } from './landmarks.js';
export { findFaces } from './still-faces.js';
export type { StillFace, StillOptions } from './still-faces.js';
export type { FaceEvidence, FaceQuality, TrackedFace } from './tracked-face.js';
