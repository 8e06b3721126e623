/** The side a face is seen from: turned to the picture's left, frontal, or to its right. */
export type Pose = 'left' | 'frontal' | 'right';

export const POSES: readonly Pose[] = ['frontal', 'left', 'right'];

/** Degrees of yaw from which a face counts as turned. */
const TURNED = 25;

/** @param yaw degrees, positive to the picture's right */
export function poseOf(yaw: number): Pose {
  if (Math.abs(yaw) < TURNED) return 'frontal';
  return yaw < 0 ? 'left' : 'right';
}
