import { readFile } from 'node:fs/promises';
import { FerError } from '../../errors/fer-error.js';
import { inputError } from '../../ingest/probe/refusal.js';
import { writeFileAtomic } from '../../files/atomic-file.js';
import type { Html } from '../../page/html.js';
import { html, duration as longTime, percent } from '../../page/html.js';
import { pageFrame, tiles } from '../../page/page-frame.js';
import { relativeUrl } from '../results/output-format.js';
import { DIGEST_ID, REPORT_STYLE } from './recording-page.js';
import type { ReportDigest } from './recording-page.js';
import { colourVar, portrait, shareBar } from './report-parts.js';

/** Faces shown per report. */
const MOST_FACES = 6;

/**
 * One page over the reports of a batch, with a link to each.
 * @param reports paths of `.report.html` files
 * @throws FerError ANNOTATION_INVALID for a page that is not a report, OUTPUT_UNWRITABLE
 */
export async function writeIndexPage(reports: readonly string[], target: string): Promise<void> {
  const entries: { link: string; digest: ReportDigest }[] = [];
  for (const path of reports) entries.push({ link: relativeUrl(target, path), digest: await readDigest(path) });
  await writeFileAtomic(target, indexPage(entries));
}

function indexPage(entries: readonly { link: string; digest: ReportDigest }[]): string {
  const faces = entries.flatMap(({ digest }) => digest.faces);
  const sum = (of: (face: (typeof faces)[number]) => number): number =>
    faces.reduce((total, face) => total + of(face), 0);
  const seen = sum(({ seconds }) => seconds);
  const labels = [...new Set(entries.flatMap(({ digest }) => digest.labels))];
  return pageFrame({
    title: 'Expressions of all recordings',
    style: REPORT_STYLE,
    body: html`<header>
        <h1>Expressions of all recordings</h1>
        <p class="soft">
          Each recording has its own report: who was seen when, what they expressed, and how sure that is.
        </p>
      </header>
      ${tiles([
        ['Recordings', entries.length],
        ['Length', longTime(entries.reduce((total, { digest }) => total + digest.seconds, 0))],
        ['Faces', faces.length],
        ['Usable face time', percent(seen === 0 ? null : sum(({ usableSeconds }) => usableSeconds) / seen)],
        ['Sure', percent(seen === 0 ? null : sum(({ sureSeconds }) => sureSeconds) / seen)],
      ])}
      <ul class="legend index-legend">
        ${labels.map((label) => html`<li><i style="background:${colourVar(label)}"></i>${label}</li>`)}
      </ul>
      <div class="cards">${entries.map(({ link, digest }) => card(link, digest))}</div>`,
  });
}

function card(link: string, { title, seconds, note, faces }: ReportDigest): Html {
  const more = faces.length - MOST_FACES;
  return html`<section class="card">
    <h2><a href="${link}">${title}</a></h2>
    <p class="soft facts">
      ${longTime(seconds)},
      ${faces.length === 0 ? 'no face' : faces.length === 1 ? '1 face' : `${faces.length} faces`}${note === null ? null : html`. <strong>${note}</strong>`}
    </p>
    <ul class="faces-row">
      ${faces.slice(0, MOST_FACES).map(
        (face) =>
          html`<li>
            ${portrait(face.picture, face.name, 44)}
            <div>
              <span
                ><b>${face.name}</b>
                <span class="soft"
                  >${percent(face.seconds === 0 ? null : face.usableSeconds / face.seconds)} usable,
                  ${percent(face.seconds === 0 ? null : face.sureSeconds / face.seconds)} sure</span
                ></span
              >
              ${shareBar(face.timeShare)}
            </div>
          </li>`,
      )}
    </ul>
    ${more > 0 ? html`<p class="soft facts">and ${more} more</p>` : null}
  </section>`;
}

async function readDigest(path: string): Promise<ReportDigest> {
  const page = await readFile(path, 'utf8').catch((error: unknown) => {
    throw inputError(path, error);
  });
  const [, json] = new RegExp(`<script type="application/json" id="${DIGEST_ID}">(.*?)</script>`, 's').exec(page) ?? [];
  if (json === undefined) {
    throw new FerError('ANNOTATION_INVALID', `${path} is not a report; write it again with fer report`);
  }
  return JSON.parse(json) as ReportDigest;
}
