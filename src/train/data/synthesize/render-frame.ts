import type { PixelImage } from '../../augment/pixel.js';
import { blankLike } from '../../augment/pixel.js';
import type { Origin } from '../../augment/affine.js';
import { warp } from '../../augment/affine.js';
import type { Mix } from './dissolve-schedule.js';
import type { FacePose } from './face-path.js';

/** A frame of a clip: the faces dissolved, then moved, turned, scaled and made brighter or darker together. Values stay in 0..255. @param faces of one shape, by segment */
export function renderFrame(faces: readonly PixelImage[], { segment, next, share }: Mix, pose: FacePose): PixelImage {
  const face = faces[segment]!;
  const moved = warp(share === 0 ? face : dissolve(face, faces[next]!, share), originOf(pose, face));
  for (let i = 0; i < moved.data.length; i += 1) moved.data[i] = Math.min(255, moved.data[i]! * pose.brightness);
  return moved;
}

/** `share` of `to`, the rest of `from`. */
export function dissolve(from: PixelImage, to: PixelImage, share: number): PixelImage {
  const mixed = blankLike(from);
  for (let i = 0; i < mixed.data.length; i += 1) mixed.data[i] = (1 - share) * from.data[i]! + share * to.data[i]!;
  return mixed;
}

/** The way back from a place in the frame to one in the still image, both seen from the centre: undo the move, the turn, the scale. */
function originOf({ right, down, scale, turn }: FacePose, { width, height }: PixelImage): Origin {
  const angle = (turn * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const [movedX, movedY] = [right * width, down * height];
  return {
    xx: cos,
    xy: sin,
    yx: -sin,
    yy: cos,
    right: -(cos * movedX + sin * movedY),
    down: -(-sin * movedX + cos * movedY),
  };
}
