import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grey } from '../../../../test/support/images.js';
import type { PixelImage } from '../../augment/pixel.js';
import { SeededRandom } from '../../util/seeded-random.js';
import type { Sample } from '../sample.js';
import { VISIBLE, episodeSchedule, planEpisodes, settleRest } from './episode-plan.js';
import { frameRenderer } from './render-clip.js';

function image(id: string, label: string, subject: string | null): Sample {
  return { id, kind: 'image', path: id, label, split: 'train', subject, frameLabels: null, softLabel: null } as Sample;
}

const ANN = [
  image('ann-rest', 'neutral', 'Ann'),
  image('ann-glad', 'happiness', 'Ann'),
  image('ann-sad', 'sadness', 'Ann'),
];
const OTHERS = [
  ...Array.from({ length: 20 }, (_, i) => image(`rest${i}`, 'neutral', `N${i}`)),
  image('bo-glad', 'happiness', 'Bo'),
  image('web', 'anger', null),
];
const shade: Readonly<Record<string, number>> = { web: 3, rest7: 3 };

/** Ramps of different directions. */
function faceOf({ id }: Sample): PixelImage {
  const turn = shade[id] ?? 0;
  return grey(
    Array.from({ length: 24 }, (_, y) => Array.from({ length: 24 }, (__, x) => 5 * (turn === 3 ? x : y) + 60)),
  );
}

describe('plans of episodes', () => {
  const plans = planEpisodes('train', 60, 48, [...ANN, ...OTHERS], new SeededRandom(3));

  it('label a frame with the expression from the share on from which it is visible, else with rest', () => {
    for (const { mixes, trueLabels, images } of plans)
      for (const [t, { next, share }] of mixes.entries())
        expect(trueLabels[t]).toBe(share >= VISIBLE ? images[next]!.label : 'neutral');
  });

  it('show one person: resting face and expressions are of the same one if known', () => {
    const own = plans.filter(({ images: [, apex] }) => apex!.subject === 'Ann');
    expect(own.length).toBeGreaterThan(5);
    for (const { images } of own) expect(new Set(images.map(({ subject }) => subject))).toEqual(new Set(['Ann']));
  });

  it('take the resting face of a similar person where the person has none', () => {
    const settled = plans.map((plan) => settleRest(plan, faceOf)).filter(({ images: [, apex] }) => apex!.id === 'web');
    expect(settled.length).toBeGreaterThan(5);
    expect(settled.filter(({ images: [rest] }) => rest!.id === 'rest7').length).toBeGreaterThan(settled.length / 3);
  });

  it('are the same for the same seed, and independent of their number', () => {
    const fewer = planEpisodes('train', 5, 48, [...ANN, ...OTHERS], new SeededRandom(3));
    expect(fewer).toEqual(plans.slice(0, 5));
  });

  it('need a resting face and another one', () => {
    const only = (label: string): Sample[] => [image('a', label, null)];
    expect(() => planEpisodes('valid', 1, 32, only('anger'), new SeededRandom(1))).toThrow(/without "neutral"/);
    expect(() => planEpisodes('valid', 1, 32, only('neutral'), new SeededRandom(1))).toThrow(/all "neutral"/);
  });

  it('draw frames that stay within the values of a picture and change little from one to the next', () => {
    const plan = settleRest(plans[0]!, faceOf);
    const frame = frameRenderer('episode', plan, plan.images.map(faceOf), new SeededRandom(5));
    let before: PixelImage | null = null;
    for (let t = 0; t < plan.mixes.length; t += 1) {
      const { data } = frame(t);
      expect(data.every((value) => value >= 0 && value <= 255)).toBe(true);
      if (before !== null) {
        const steps = data.reduce((sum, value, i) => sum + Math.abs(value - before!.data[i]!), 0) / data.length;
        expect(steps).toBeLessThan(40);
      }
      before = frame(t);
      expect([...before.data]).toEqual([...data]);
    }
  });
});

describe('episode schedule', () => {
  it('goes from rest to apex and back without jumps', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 300 }), fc.integer(), (frames, seed) => {
        const mixes = episodeSchedule(frames, new SeededRandom(seed));
        expect(mixes).toHaveLength(frames);
        for (const [t, { segment, next, share }] of mixes.entries()) {
          expect(segment).toBe(0);
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
          const before = mixes[t - 1];
          if (before === undefined) continue;
          expect(Math.abs(share - before.share)).toBeLessThan(0.35);
          if (next !== before.next) expect(Math.max(share, before.share)).toBeLessThan(0.05);
        }
      }),
    );
  });

  it('shows rest and apex alike over many clips, and windows that begin in the middle of an episode', () => {
    const clips = Array.from({ length: 200 }, (_, seed) => episodeSchedule(32, new SeededRandom(seed)));
    const shares = clips.flat().map(({ share }) => share);
    const part = (test: (share: number) => boolean): number => shares.filter(test).length / shares.length;
    expect(part((share) => share === 0)).toBeGreaterThan(0.15);
    expect(part((share) => share > 0.5)).toBeGreaterThan(0.25);
    expect(clips.filter(([first]) => first!.share > 0.5).length).toBeGreaterThan(20);
  });
});
