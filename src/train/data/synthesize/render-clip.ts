import { displace, warp } from '../../augment/affine.js';
import type { Displacement, Origin } from '../../augment/affine.js';
import { footage } from '../../augment/footage/footage.js';
import { blankLike, drawFrom, pixelNoise } from '../../augment/pixel.js';
import type { Interval, PixelImage } from '../../augment/pixel.js';
import type { SeededRandom } from '../../util/seeded-random.js';
import type { ClipPlan } from './clip-plan.js';
import { denseFlow } from './dense-flow.js';
import type { Mix } from './dissolve-schedule.js';
import type { FacePose } from './face-path.js';
import type { ClipStyle } from './synthesis-options.js';

/** Share of the clips in which the mouth moves as in speech. */
const SPEAKING = 0.4;
/** Syllables per second, and frames per second. */
const SYLLABLES: Interval = [3, 6];
const RATE = 25;
/** Motion of the lower lip, as a share of the picture's side. */
const OPENING: Interval = [0.02, 0.06];
/** The middle of the mouth in an aligned crop, as shares of the side. */
const MOUTH = { x: 0.5, y: 0.775 };

/** Opening of the mouth in every frame of a clip, as a share of the picture's side; all zero for a person who does not speak. [frames] */
export function speech(frames: number, random: SeededRandom): number[] {
  if (random.next() >= SPEAKING) return new Array<number>(frames).fill(0);
  const [rate, opening, phase] = [drawFrom(SYLLABLES, random), drawFrom(OPENING, random), random.next()];
  let loudness = 1;
  return Array.from({ length: frames }, (_, t) => {
    // Syllables differ, and there are pauses.
    loudness += 0.25 * (drawFrom([0, 1.2], random) - loudness);
    return opening * loudness * 0.5 * (1 - Math.cos(2 * Math.PI * ((rate * t) / RATE + phase)));
  });
}

/** The mouth opened: what is below its middle moves down, most at the lips. @param opening share of the picture's side */
export function openMouth(image: PixelImage, opening: number): PixelImage {
  if (opening === 0) return image;
  const { width, height } = image;
  const way: Displacement = { right: new Float32Array(width * height), down: new Float32Array(width * height) };
  for (let y = 0, i = 0; y < height; y += 1) {
    const below = (y + 0.5) / height - MOUTH.y;
    const along = below > 0 ? Math.exp(-((below / 0.16) ** 2)) : -0.3 * Math.exp(-((below / 0.06) ** 2));
    for (let x = 0; x < width; x += 1, i += 1) {
      const across = (x + 0.5) / width - MOUTH.x;
      way.down[i] = -opening * height * along * Math.exp(-((across / 0.17) ** 2));
    }
  }
  return displace(image, way);
}

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

/**
 * A face on its way from one expression to another: both pictures bent toward each other along the flow between them, then mixed. Mouth and
 * brows move instead of fading, which a dissolve cannot show.
 * @param from both of one size
 * @returns the picture at a share of the way, 0 `from` and 1 `to`
 */
export function morph(from: PixelImage, to: PixelImage): (share: number) => PixelImage {
  const flow = denseFlow(from, to);
  return (share) => {
    if (share <= 0) return from;
    if (share >= 1) return to;
    return dissolve(displace(from, flow, -share), displace(to, flow, 1 - share), share);
  };
}

/** Camera effects, the same in every frame of a clip. Noise differs by frame and is added separately. */
const CAMERA = { pose: 0.3, light: 0.4, blur: 0.25, blocks: 0.25, cover: 0.03, noise: 0 };
const NOISY = 0.4;

/**
 * Draws the frames of a clip.
 * @param faces by segment
 * @param random of this clip alone
 */
export function frameRenderer(
  style: ClipStyle,
  plan: ClipPlan,
  faces: readonly PixelImage[],
  random: SeededRandom,
): (t: number) => PixelImage {
  return style === 'dissolve'
    ? (t) => renderFrame(faces, plan.mixes[t]!, plan.poses[t]!)
    : episodeRenderer(plan, faces, random);
}

function episodeRenderer(
  { mixes, poses }: ClipPlan,
  faces: readonly PixelImage[],
  random: SeededRandom,
): (t: number) => PixelImage {
  const [rest, ...apexes] = faces;
  // Episodes may show the same picture again, and some are outside the clip: the flow to each is computed once, when it is seen.
  const ways = new Map<PixelImage, (share: number) => PixelImage>();
  const wayTo = (apex: PixelImage): ((share: number) => PixelImage) => {
    const way = ways.get(apex) ?? morph(rest!, apex);
    ways.set(apex, way);
    return way;
  };
  const mouth = speech(mixes.length, random.fork('speech'));
  const camera = footage(CAMERA);
  const draw = random.fork('noise');
  const noise = pixelNoise({ deviation: draw.next() < NOISY ? drawFrom([2, 10], draw) : 0 });
  return (t) => {
    const { next, share } = mixes[t]!;
    const face = openMouth(wayTo(apexes[next - 1]!)(share), mouth[t]!);
    const moved = renderFrame([face], { segment: 0, next: 0, share: 0 }, poses[t]!);
    return noise(camera(moved, random.fork('camera')), draw.fork(String(t)));
  };
}
