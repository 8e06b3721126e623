import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { FerError } from '../../errors/fer-error.js';
import { html, figure, posterior } from '../../page/html.js';
import type { Html } from '../../page/html.js';
import type { SeededRandom } from '../util/seeded-random.js';
import { QUADRANTS, QUADRANT_NAMES } from './ambiguity-points.js';
import type { AmbiguityPoint, Quadrant } from './ambiguity-points.js';

/** Larger pictures are scaled down to this side: a report stays small enough to send. */
const LARGEST_SIDE = 96;

/**
 * A square picture as a PNG data URI. Its side and channels follow from its length: no number is both a square and
 * three times one.
 * @param pixels [S, S, 1] or [S, S, 3], 0..255
 * @throws FerError CONFIG_INVALID for any other length.
 */
export async function pngDataUri(pixels: Uint8Array): Promise<string> {
  return `data:image/png;base64,${(await thumbnail(pixels).png().toBuffer()).toString('base64')}`;
}

/** The same as JPEG, for pages of many pictures. */
export async function jpegDataUri(pixels: Uint8Array): Promise<string> {
  return `data:image/jpeg;base64,${(await thumbnail(pixels).jpeg().toBuffer()).toString('base64')}`;
}

function thumbnail(pixels: Uint8Array): Sharp {
  const channels = Number.isInteger(Math.sqrt(pixels.length)) ? 1 : 3;
  const side = Math.sqrt(pixels.length / channels);
  if (!Number.isInteger(side) || side === 0) {
    throw new FerError(
      'CONFIG_INVALID',
      `a picture for the report has ${pixels.length} values; it must be square, with 1 or 3 channels`,
    );
  }
  return sharp(pixels, { raw: { width: side, height: side, channels } }).resize({
    width: LARGEST_SIDE,
    withoutEnlargement: true,
  });
}

/** Pictures in each quadrant. */
const EXAMPLES = 12;

/** Pixels of a training sample, [S, S, 1] or [S, S, 3], 0..255; null where there are none. */
export type PictureOf = (sample: number) => Promise<Uint8Array | null>;

/** A few samples of each quadrant: random ones, but the most suspicious ones of likely label noise. */
export function chooseExamples(
  points: readonly AmbiguityPoint[],
  random: SeededRandom,
): Readonly<Record<Quadrant, readonly AmbiguityPoint[]>> {
  const inside = (quadrant: Quadrant): AmbiguityPoint[] => points.filter((point) => point.quadrant === quadrant);
  const drawn = (quadrant: Quadrant): AmbiguityPoint[] => sampled(inside(quadrant), EXAMPLES, random.fork(quadrant));
  return {
    'clear-agreed': drawn('clear-agreed'),
    'ambiguous-agreed': drawn('ambiguous-agreed'),
    'ambiguous-disagreed': drawn('ambiguous-disagreed'),
    'confident-disagreed': inside('confident-disagreed')
      .toSorted((a, b) => b.nearest - b.truth - (a.nearest - a.truth) || a.sample - b.sample)
      .slice(0, EXAMPLES),
  };
}

/** The examples with their pictures. One that cannot be had leaves a gap; only an interruption stops the report. */
export async function examplesSection(
  points: readonly AmbiguityPoint[],
  labels: readonly string[],
  pictureOf: PictureOf,
  random: SeededRandom,
): Promise<Html> {
  const chosen = chooseExamples(points, random);
  const parts: Html[] = [];
  for (const quadrant of QUADRANTS) {
    const figures: Html[] = [];
    for (const point of chosen[quadrant]) figures.push(await example(point, labels, pictureOf));
    const { name, meaning } = QUADRANT_NAMES[quadrant];
    const choice = quadrant === 'confident-disagreed' ? 'most suspicious first' : 'drawn at random';
    parts.push(
      html`<h3>${name}</h3>
        <p class="soft">${meaning}; ${figures.length === 0 ? 'no samples' : choice}.</p>
        <div class="thumbs">${figures}</div>`,
    );
  }
  return html`<section>
    <h2>Examples</h2>
    ${parts}
  </section>`;
}

async function example(point: AmbiguityPoint, labels: readonly string[], pictureOf: PictureOf): Promise<Html> {
  const given = labels[point.given] ?? String(point.given);
  const predicted = labels[point.predicted] ?? String(point.predicted);
  const source = await source64(pictureOf, point.sample);
  const picture =
    source === null
      ? html`<span class="none">no picture</span>`
      : html`<img src="${source}" width="96" height="96" alt="Face labelled ${given}, predicted ${predicted}" />`;
  return html`<figure>
    ${picture}
    <figcaption>
      <b>Label: ${given}</b>Predicted: ${predicted}<br />p_GT ${posterior(point.truth)}<br />p_NN
      ${posterior(point.nearest)}<br />w ${figure(point.weight)}<span class="id">${point.id}</span>
    </figcaption>
  </figure>`;
}

async function source64(pictureOf: PictureOf, sample: number): Promise<string | null> {
  try {
    const pixels = await pictureOf(sample);
    return pixels === null ? null : await pngDataUri(pixels);
  } catch (error) {
    if (error instanceof FerError && (error.code === 'INTERRUPTED' || error.code === 'CONFIG_INVALID')) throw error;
    return null;
  }
}

/** `count` random items in their order; all if there are fewer. */
export function sampled<T>(items: readonly T[], count: number, random: SeededRandom): T[] {
  let wanted = Math.min(count, items.length);
  // Selection sampling (Knuth, The Art of Computer Programming, volume 2, algorithm S).
  return items.filter((_, i) => {
    const taken = random.next() * (items.length - i) < wanted;
    if (taken) wanted -= 1;
    return taken;
  });
}
