import { FerError } from '../../../errors/fer-error.js';
import { distance, drawFrom, thumbnail } from '../../augment/pixel.js';
import type { Interval, PixelImage } from '../../augment/pixel.js';
import { groupBy } from '../../util/arrays.js';
import type { SeededRandom } from '../../util/seeded-random.js';
import type { Sample } from '../sample.js';
import { ImageDealer, drawByWeight } from './clip-plan.js';
import type { ClipPlan, PlanClips } from './clip-plan.js';
import type { Mix } from './dissolve-schedule.js';
import { facePath } from './face-path.js';

/** Frames of rest, onset, apex and offset at 25 frames per second: an expression takes half a second to four seconds (Ekman and Friesen 1982). */
const PAUSE: Interval = [6, 40];
const ONSET: Interval = [5, 16];
const APEX: Interval = [6, 48];
const OFFSET: Interval = [8, 28];
/** Share of the way to the expressive picture at the apex: many expressions stay slight. */
const STRENGTH: Interval = [0.55, 1];
/** From this share of the way on, a frame has the label of the expression: people name slight expressions, too. */
export const VISIBLE = 0.4;

/**
 * Rest, apex, rest, of one person, some episodes one after another; the clip is a window of it that begins anywhere, also in the middle of an
 * episode. Every episode shows another picture.
 * @returns for every frame its episode and progress: segment 0 is the resting face [frames]
 */
export function episodeSchedule(frames: number, random: SeededRandom): Mix[] {
  const shares: Mix[] = [];
  const put = (length: number, next: number, share: (at: number) => number): void => {
    for (let t = 0; t < length; t += 1) shares.push({ segment: 0, next, share: share((t + 0.5) / length) });
  };
  const draw = (interval: Interval): number => Math.round(drawFrom(interval, random));
  const skipped = random.int(PAUSE[1] + ONSET[1] + APEX[0]);
  for (let episode = 1; shares.length < skipped + frames; episode += 1) {
    put(draw(PAUSE), episode, () => 0);
    const strength = drawFrom(STRENGTH, random);
    put(draw(ONSET), episode, (at) => strength * ease(at));
    put(draw(APEX), episode, () => strength);
    put(draw(OFFSET), episode, (at) => strength * ease(1 - at));
  }
  return shares.slice(skipped, skipped + frames);
}

/** Slow, fast, slow. */
function ease(at: number): number {
  return at * at * (3 - 2 * at);
}

const REST = 'neutral';
/** Resting faces to choose from: of the person itself, and of others where it has none. */
const OWN_CANDIDATES = 6;
const OTHER_CANDIDATES = 24;

/**
 * Plans clips in which one face goes from rest to an expression and back. The expression's class and picture are drawn; further episodes
 * show other expressive pictures of the same person. The resting face is the same person's, or that of a similar person (`settleRest`).
 * @param balance 1: every class equally likely; 0: each as often as it has images; between them, as (number of images)^(1 - balance)
 * @throws FerError CONFIG_INVALID without resting faces, or without others
 */
export const planEpisodes: PlanClips = (split, count, frames, images, random, balance = 1) => {
  if (count === 0) return [];
  const atRest = images.filter(({ label }) => label === REST);
  const expressive = images.filter(({ label }) => label !== REST);
  if (atRest.length === 0 || expressive.length === 0) {
    throw new FerError(
      'CONFIG_INVALID',
      `synthetic clips: episodes go from "${REST}" to another expression, but the images for the ${split} clips are ${atRest.length === 0 ? `without "${REST}"` : `all "${REST}"`}: ask for 0 ${split} clips, or use another data set`,
    );
  }
  const dealer = new ImageDealer(expressive, random.fork('images'));
  const weights = dealer.labels.map((label) => dealer.count(label) ** (1 - balance));
  const byPerson = groupBy(images, ({ subject }) => subject);
  return Array.from({ length: count }, (_, index) => {
    const own = random.fork(`clip ${index}`);
    const mixes = episodeSchedule(frames, own.fork('schedule'));
    const first = dealer.deal(dealer.labels[drawByWeight(weights, null, own.fork('labels'))]!);
    const person = first.subject === null ? [] : byPerson.get(first.subject)!;
    const others = own.fork('others').shuffle(person.filter((image) => image.label !== REST && image !== first));
    const episodes = Math.max(...mixes.map(({ next }) => next));
    const apexes = Array.from({ length: episodes }, (__, k) => [first, ...others][k % (1 + others.length)]!);
    const resting = candidates(
      person.filter(({ label }) => label === REST),
      atRest,
      own.fork('rest'),
    );
    const labelAt = (share: number, next: number): string => (share >= VISIBLE ? apexes[next - 1]!.label! : REST);
    return {
      split,
      path: `${split}/${String(index + 1).padStart(4, '0')}`,
      images: [resting[0]!, ...apexes],
      resting,
      starts: [0, ...apexes.map((__, k) => mixes.findIndex(({ next, share }) => next === k + 1 && share >= VISIBLE))],
      mixes,
      poses: facePath(frames, own.fork('path')),
      trueLabels: mixes.map(({ share, next }) => labelAt(share, next)),
      clearness: mixes.map(({ share }) => (share >= VISIBLE ? share : 1 - share)),
    };
  });
};

function candidates(own: readonly Sample[], others: readonly Sample[], random: SeededRandom): readonly Sample[] {
  if (own.length > 0) return random.shuffle(own).slice(0, OWN_CANDIDATES);
  return Array.from({ length: OTHER_CANDIDATES }, () => others[random.int(others.length)]!);
}

/** The plan with the resting face that looks most like the first expressive one. */
export function settleRest(plan: ClipPlan, faceOf: (sample: Sample) => PixelImage): ClipPlan {
  const { resting, images } = plan;
  if (resting.length === 0) return plan;
  const small = (sample: Sample): Float32Array => {
    const { data, width, channels } = faceOf(sample);
    return thumbnail(data, width, channels);
  };
  const wanted = small(images[1]!);
  const far = resting.map((sample) => distance(small(sample), wanted));
  return { ...plan, images: [resting[far.indexOf(Math.min(...far))]!, ...images.slice(1)], resting: [] };
}
