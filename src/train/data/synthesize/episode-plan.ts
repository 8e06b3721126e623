import { FerError } from '../../../errors/fer-error.js';
import type { PixelImage } from '../../augment/pixel.js';
import { distance, thumbnail } from '../../augment/thumbnail.js';
import { groupBy } from '../../util/arrays.js';
import type { SeededRandom } from '../../util/seeded-random.js';
import type { Sample, Split } from '../sample.js';
import { ImageDealer, drawByWeight } from './clip-plan.js';
import type { ClipPlan } from './clip-plan.js';
import { VISIBLE, episodeSchedule } from './episode-schedule.js';
import { facePath } from './face-path.js';

const REST = 'neutral';
/** Resting faces to choose from: of the person itself, and of others where it has none. */
const OWN_CANDIDATES = 6;
const OTHER_CANDIDATES = 24;

/**
 * Plans clips in which one face goes from rest to an expression and back. The expression's class is drawn, its picture dealt; further episodes
 * show other expressive pictures of the same person. The resting face is the same person's, or that of somebody who looks alike (`settleRest`).
 * @param balance 1: every class equally likely; 0: each as often as it has images; between them, as (number of images)^(1 - balance)
 * @throws FerError CONFIG_INVALID without resting faces, or without others
 */
export function planEpisodes(
  split: Split,
  count: number,
  frames: number,
  images: readonly Sample[],
  random: SeededRandom,
  balance = 1,
): ClipPlan[] {
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
}

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
