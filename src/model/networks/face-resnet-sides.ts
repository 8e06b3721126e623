/** Sides at which every stage's pictures have an odd side, so that its two ways of halving them agree. The network was made for 150. */
export const FACE_RESNET_SIDES = [67, 99, 131, 163] as const;
export type FaceResNetSide = (typeof FACE_RESNET_SIDES)[number];
