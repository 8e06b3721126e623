import { join } from 'node:path';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { cropLength } from '../data/crops/crop-source.js';
import { faceName, facesOf } from '../data/faces/face-dataset.js';
import type { FaceSample } from '../data/faces/face-dataset.js';
import { CROP_FLAWS, fineDetailOf } from '../data/preprocess/sample-row.js';
import { openPrepared } from '../data/preprocess/read-prepared.js';
import type { Prepared } from '../data/preprocess/read-prepared.js';
import type { Html } from '../../page/html.js';
import { html } from '../../page/html.js';
import { pageFrame, tiles } from '../../page/page-frame.js';
import { STYLE } from './report-page.js';
import { jpegDataUri } from './examples.js';

export const CONTACT_SHEET = 'faces.html';

/** Faces on the sheet: as many as a person looks through, in a file that can still be sent. */
const SHOWN = 400;
/** Crops read at a time. */
const BATCH = 256;

interface Entry {
  readonly face: FaceSample;
  /** Place in crops.bin. */
  readonly crop: number;
  /** The flaw; null for a whole face. */
  readonly flaw: string | null;
  readonly detail: number;
}

const NO_FACE = 'no face found, whole image';
/** The worst first. */
const ORDER: readonly (string | null)[] = [...CROP_FLAWS, NO_FACE, null];

/** The crops, worst first. */
export interface ContactSheet {
  readonly path: string;
  /** Crops that show no whole face, which training leaves out. */
  readonly flawed: number;
}

/**
 * Writes a page of the faces in a prepared folder, the worst first: flawed crops, images without a detected face, then the least sharp.
 * @throws FerError what `openPrepared` throws, OUTPUT_UNWRITABLE
 */
export async function writeContactSheet(folder: string): Promise<ContactSheet> {
  const prepared = await openPrepared(folder);
  try {
    const entries = await judged(prepared);
    entries.sort((a, b) => ORDER.indexOf(a.flaw) - ORDER.indexOf(b.flaw) || a.detail - b.detail || a.crop - b.crop);
    const path = join(folder, CONTACT_SHEET);
    const flawed = entries.filter(({ face }) => face.flaw !== undefined).length;
    await writeFileAtomic(path, await page(prepared, entries, flawed));
    return { path, flawed };
  } finally {
    await prepared.close();
  }
}

async function judged({ samples, crops }: Prepared): Promise<Entry[]> {
  const length = cropLength(crops.geometry);
  const entries: Entry[] = [];
  const cut = samples.flatMap((sample) =>
    facesOf(sample).flatMap((face) =>
      typeof face.source === 'number'
        ? [{ face, crop: face.source, flaw: face.flaw ?? (face.wholePicture ? NO_FACE : null) }]
        : [],
    ),
  );
  for (let from = 0; from < cut.length; from += BATCH) {
    const batch = cut.slice(from, from + BATCH);
    const pixels = await crops.read(batch.map(({ crop }) => crop)); // [n, S, S, C]
    for (const [i, entry] of batch.entries())
      entries.push({ ...entry, detail: fineDetailOf(pixels.subarray(i * length, (i + 1) * length), crops.geometry) });
  }
  return entries;
}

async function page({ dataset, crops }: Prepared, entries: readonly Entry[], flawed: number): Promise<string> {
  const shown = entries.slice(0, SHOWN);
  const figures: Html[] = [];
  for (const entry of shown) figures.push(await figure(entry, await crops.read([entry.crop])));
  const count = (flaw: string): number => entries.filter((entry) => entry.flaw === flaw).length;
  const title = `Faces of ${dataset.name}`;
  return pageFrame({
    title,
    style: STYLE,
    body: html`<h1>${title}</h1>
      ${tiles([
        ['crops', entries.length] as const,
        ...ORDER.flatMap((flaw) => (flaw === null ? [] : [[flaw, count(flaw)] as const])),
      ])}
      <section>
        <h2>The worst first</h2>
        <p class="soft">
          ${shown.length === entries.length ? 'All crops' : `${shown.length} of ${entries.length} crops`}.
          ${flawed === 0 ? '' : `Training leaves out the ${flawed} that are cut off or blurred, unless "flawedCrops" is on.`}
          ${count(NO_FACE) === 0 ? '' : `Training leaves out the ${count(NO_FACE)} without a detected face, unless "noFace" is "whole".`}
        </p>
        <div class="thumbs">${figures}</div>
      </section>`,
  });
}

async function figure({ face, flaw }: Entry, pixels: Uint8Array): Promise<Html> {
  const label = face.label ?? 'no label';
  return html`<figure>
    <img src="${await jpegDataUri(pixels)}" width="96" height="96" loading="lazy" alt="Face labelled ${label}" />
    <figcaption><b>${flaw ?? 'whole face'}</b>${label}<span class="id">${faceName(face)}</span></figcaption>
  </figure>`;
}
