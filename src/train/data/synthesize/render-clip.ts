import { footage } from '../../augment/footage/footage.js';
import { drawFrom, pixelNoise } from '../../augment/pixel.js';
import type { PixelImage } from '../../augment/pixel.js';
import type { SeededRandom } from '../../util/seeded-random.js';
import type { ClipPlan } from './clip-plan.js';
import { morph } from './morph.js';
import { renderFrame } from './render-frame.js';
import { openMouth, speech } from './speech.js';
import type { ClipStyle } from './synthesis-options.js';

/** What a camera does to all of a clip, alike in every frame. Noise differs by frame, so it is added apart. */
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
  // Episodes may show the same picture again, and some lie outside the clip: the flow to each is computed once, when it is seen.
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
