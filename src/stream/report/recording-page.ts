import { readFileSync } from 'node:fs';
import { configTable, pageFrame, tiles } from '../../page/page-frame.js';
import type { Html } from '../../page/html.js';
import { html, duration as longTime, percent } from '../../page/html.js';
import type { RunMetadata } from '../results/annotation-schema.js';
import { faceCard, faceTitle } from './face-card-section.js';
import { colourVar, timeButton } from './report-parts.js';
import type { ReportContent, ReportImage } from './report-builder.js';
import type { ReportPictures } from './thumbnails.js';
import type { Trouble } from './trouble.js';

/** Stretches listed without a click. */
const LISTED = 40;

/** CSS of reports and their index. */
export const REPORT_STYLE = readFileSync(new URL('./static/report.css', import.meta.url), 'utf8');
const REPORT_SCRIPT = readFileSync(new URL('./static/report.js', import.meta.url), 'utf8');

/** A report's entry in the index page; stored in the report as JSON. */
export interface ReportDigest {
  readonly title: string;
  readonly seconds: number;
  readonly note: string | null;
  readonly labels: readonly string[];
  readonly faces: readonly {
    readonly name: string;
    /** JPEG data URI; null without the footage. */
    readonly picture: string | null;
    readonly seconds: number;
    readonly usableSeconds: number;
    readonly sureSeconds: number;
    readonly timeShare: Readonly<Record<string, number>>;
  }[];
}

export const DIGEST_ID = 'digest';

/** The page of one input. @param media URL of the footage; null if it is not a single file */
export function reportPage(content: ReportContent, pictures: ReportPictures, media: string | null): string {
  const { summary, faces, images } = content;
  const { run, outcome } = summary;
  const title = run.input.name.split(/[\\/]/).at(-1) ?? run.input.name;
  const isVideo = run.input.kind !== 'images';
  const body = html`
    <header>
      <h1>${title}</h1>
      <p class="soft">${subtitle(content)}</p>
      ${outcome.degraded || outcome.note !== null ? html`<p class="warning" role="note"><strong>${outcome.degraded ? 'Parts of the footage are damaged' : 'Note'}:</strong> ${outcome.note}</p>` : null}
    </header>
    ${tiles(figures(content))}
    ${isVideo ? watchSection(content, pictures, media) : imagesSection(images, pictures, content)}
    ${
      faces.length === 0
        ? html`<section>
            <h2>People</h2>
            <p class="soft">No face was found.</p>
          </section>`
        : peopleSection(content, pictures)
    }
    ${troublesSection(content)} ${runSection(run, content, pictures)}
  `;
  return pageFrame({
    title: `${title} · expressions`,
    style: REPORT_STYLE,
    body,
    data: { [DIGEST_ID]: digestOf(title, content, pictures), 'report-data': scriptData(content) },
    script: REPORT_SCRIPT,
  });
}

function subtitle({ summary }: ReportContent): string {
  const { model, settings } = summary.run;
  const version = model.version.replace(/^sha256:/, '').slice(0, 8);
  const prior = typeof settings['prior'] === 'string' ? `, ${settings['prior']} prior` : '';
  const { total } = summary.frames;
  return `${total} ${total === 1 ? 'frame' : 'frames'}, annotated by ferstream ${summary.run.ferstream} with model ${model.name} · ${version}${prior}`;
}

function figures({ summary, troubles }: ReportContent): [string, string][] {
  const sum = (of: (face: (typeof summary.faces)[number]) => number): number =>
    summary.faces.reduce((total, face) => total + of(face), 0);
  const isVideo = summary.run.input.kind !== 'images';
  const seen = sum(({ seconds }) => seconds);
  const share = (part: number): string => (seen === 0 ? '–' : percent(part / seen));
  return [
    isVideo ? ['Length', longTime(summary.duration)] : ['Images', String(summary.frames.total)],
    [summary.faces.length === 1 ? 'Person' : 'People', String(summary.faces.length)],
    [isVideo ? 'Usable face time' : 'Usable faces', share(sum(({ usableSeconds }) => usableSeconds))],
    [isVideo ? 'Sure face time' : 'Sure faces', share(sum(({ sureSeconds }) => sureSeconds))],
    [
      'Frames without a face',
      percent(summary.frames.total === 0 ? null : 1 - summary.frames.withFaces / summary.frames.total),
    ],
    isVideo
      ? ['Weak stretches', String(troubles.length)]
      : ['Weak images', String(new Set(troubles.map(({ file }) => file)).size)],
  ];
}

function watchSection(_: ReportContent, { still }: ReportPictures, media: string | null): Html {
  return html`<section id="watch" class="watch" aria-label="Footage">
    <div class="player">
      <video
        id="video"
        controls
        preload="metadata"
        ${media === null ? null : html`src="${media}"`}
        ${still === null ? null : html`poster="${still}"`}
      ></video>
      <p id="no-video" class="soft" hidden>
        The footage is not in the folder of this
        page${media === null ? '' : html` (<code>${readableUrl(media)}</code>)`}, or the browser cannot play it.
        <label class="pick">Choose the video<input id="pick" type="file" accept="video/*" /></label>
      </p>
    </div>
    <div class="now">
      <h2>At <span id="now-time">0:00</span></h2>
      <ul id="now-faces"></ul>
      <p class="soft hint" id="timeline-keys">
        Click a timeline, or move along it with the arrow keys, to see that moment.
      </p>
    </div>
  </section>`;
}

/** An address as people write it; unchanged where its percent signs are not UTF-8 ("caf%E9.mp4"). */
function readableUrl(url: string): string {
  try {
    return decodeURI(url);
  } catch {
    return url;
  }
}

function peopleSection(content: ReportContent, pictures: ReportPictures): Html {
  const { labels } = content.summary.run.model;
  const isVideo = content.summary.run.input.kind !== 'images';
  return html`<section class="people" aria-label="People">
      <div class="people-head">
        <h2>People</h2>
        ${
          isVideo
            ? html`<div class="zoom" role="group" aria-label="Zoom of the timelines">
                <button type="button" id="zoom-out" aria-label="Show more time">−</button>
                <button type="button" id="zoom-in" aria-label="Show less time">+</button>
                <button type="button" id="zoom-all">All</button>
              </div>`
            : null
        }
      </div>
      <ul class="legend" aria-label="Colours">
        ${labels.map((label) => html`<li><i style="background:${colourVar(label)}"></i>${label}</li>`)}
        <li><i class="unsure-key"></i>unsure: paler, striped</li>
        <li><i class="unusable-key"></i>unusable: a line</li>
      </ul>
    </section>
    ${content.faces.map((face) => faceCard(face, labels, pictures.faces.get(face.summary.id) ?? null, isVideo))}`;
}

function imagesSection(
  images: readonly ReportImage[],
  { images: small }: ReportPictures,
  { summary }: ReportContent,
): Html {
  const cards = images.map(({ index, file, width, height, problem, faces }) => {
    const picture = small.get(index);
    const boxes = faces.map(({ box, label, trust }) => {
      const part = (value: number, whole: number): string => `${((100 * value) / Math.max(1, whole)).toFixed(2)}%`;
      return html`<i
        class="${trust}"
        style="left:${part(box.x, width)};top:${part(box.y, height)};width:${part(box.width, width)};height:${part(box.height, height)};--c:${colourVar(label)}"
      ></i>`;
    });
    const said = faces.map(
      ({ label, probabilities, trust }) =>
        html`<span class="pill ${trust}" style="--c:${colourVar(label)}"
          >${label}${trust === 'sure' ? '' : '?'} ${percent(probabilities[label] ?? null)}</span
        >`,
    );
    return html`<figure>
      <div class="framed">
        ${picture === undefined ? html`<span class="none">no picture</span>` : html`<img src="${picture}" loading="lazy" alt="" />${boxes}`}
      </div>
      <figcaption>
        <b>${file}</b>${problem === undefined ? (faces.length === 0 ? 'no face' : said) : `unreadable: ${problem}`}
      </figcaption>
    </figure>`;
  });
  const left = summary.frames.total - images.length;
  return html`<section>
    <h2>Images</h2>
    ${left > 0 ? html`<p class="soft">The first ${images.length} of ${summary.frames.total}; the tables have all of them.</p>` : null}
    <div class="gallery">${cards}</div>
  </section>`;
}

function troublesSection({ troubles, summary }: ReportContent): Html {
  const isVideo = summary.run.input.kind !== 'images';
  const title = `Unusable and degraded ${isVideo ? 'stretches' : 'images'}`;
  if (troubles.length === 0) {
    return html`<section>
      <h2>${title}</h2>
      <p class="soft">None: every face in every ${isVideo ? 'frame' : 'image'} shows enough.</p>
    </section>`;
  }
  return html`<section>
    <h2>${title}</h2>
    <p class="soft">
      ${
        isVideo
          ? 'Stretches of at least 0.2 s in which a face shows too little of an expression, and of at least 1 s without a face.'
          : 'Images without a face, or with a face that shows too little of an expression.'
      }
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="${title}">
      <table class="numbers" id="troubles" aria-label="${title}">
        <thead>
          <tr>
            ${
              isVideo
                ? html`<th scope="col">From</th>
                    <th scope="col">Seconds</th>`
                : html`<th scope="col">Image</th>`
            }
            <th scope="col" class="text">Who</th>
            <th scope="col" class="text">Why</th>
          </tr>
        </thead>
        <tbody>
          ${troubles.slice(0, LISTED).map(troubleRow)}
        </tbody>
      </table>
    </div>
    ${troubles.length > LISTED ? html`<button type="button" id="more-troubles">Show all ${troubles.length}</button>` : null}
  </section>`;
}

function troubleRow({ start, end, trackId, name, what, file }: Trouble): Html {
  return html`<tr>
    <th scope="row">${file ?? timeButton(start)}</th>
    ${file === undefined ? html`<td>${(end - start).toFixed(1)}</td>` : null}
    <td class="text">${trackId === null ? 'all' : (name ?? `Face\u00A0${trackId}`)}</td>
    <td class="text">${what}</td>
  </tr>`;
}

function runSection(run: RunMetadata, { faces }: ReportContent, { still }: ReportPictures): Html {
  const { settings, input, engine, model, node, ffmpeg } = run;
  const frame = faces[0]?.best.frame;
  const areas = areaList(settings);
  return html`<section>
    <h2>How it was annotated</h2>
    ${
      areas.length > 0 && frame !== undefined
        ? html`<figure class="areas">
            <div class="framed" style="aspect-ratio:${frame.width}/${frame.height}">
              ${still === null ? null : html`<img src="${still}" alt="" />`}
              ${areas.map(({ kind, x, y, width, height, unit }) => {
                const part = (value: number, whole: number): string =>
                  `${(unit === 'percent' ? value : (100 * value) / whole).toFixed(2)}%`;
                return html`<i
                  class="${kind}"
                  style="left:${part(x, frame.width)};top:${part(y, frame.height)};width:${part(width, frame.width)};height:${part(height, frame.height)}"
                  ><b>${kind === 'region' ? 'only here' : 'ignored'}</b></i
                >`;
              })}
            </div>
            <figcaption class="soft">Areas of the picture that count, or are ignored.</figcaption>
          </figure>`
        : null
    }
    <details>
      <summary>Settings and versions</summary>
      ${configTable({ input, model, engine, settings, node, ffmpeg: ffmpeg ?? 'unknown' })}
    </details>
  </section>`;
}

interface DrawnArea {
  readonly kind: 'region' | 'ignore';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly unit: string;
}

function areaList({ region, ignore }: RunMetadata['settings']): DrawnArea[] {
  const one = (kind: DrawnArea['kind'], value: unknown): DrawnArea[] =>
    typeof value === 'object' && value !== null ? [{ kind, ...(value as Omit<DrawnArea, 'kind'>) }] : [];
  return [...one('region', region), ...(Array.isArray(ignore) ? ignore.flatMap((area) => one('ignore', area)) : [])];
}

function digestOf(title: string, { summary, faces }: ReportContent, pictures: ReportPictures): ReportDigest {
  return {
    title,
    seconds: summary.duration,
    note: summary.outcome.note,
    labels: summary.run.model.labels,
    faces: faces.map(({ summary: face }) => ({
      name: faceTitle(face),
      picture: pictures.faces.get(face.id) ?? null,
      seconds: face.seconds,
      usableSeconds: face.usableSeconds,
      sureSeconds: face.sureSeconds,
      timeShare: face.timeShare,
    })),
  };
}

/** Data for the page's script. Segments: [start, end, label, mean, peak, trust]. */
function scriptData({ summary, start, end, binWidth, faces, troubles }: ReportContent): unknown {
  const { labels } = summary.run.model;
  const trust = ['sure', 'unsure', 'unusable'];
  const short = (value: number): number => Math.round(value * 1000) / 1000;
  return {
    labels,
    start,
    end,
    binWidth,
    listed: LISTED,
    faces: faces.map(({ summary: face, first, rows, segments }) => ({
      id: face.id,
      title: faceTitle(face),
      first,
      rows: Buffer.from(rows).toString('base64'),
      segments: segments.map((segment) => [
        short(segment.start),
        short(segment.end),
        labels.indexOf(segment.label),
        short(segment.probability),
        short(segment.peak),
        trust.indexOf(segment.trust),
      ]),
    })),
    troubles: troubles.slice(LISTED).map((trouble) => ({
      start: short(trouble.start),
      seconds: short(trouble.end - trouble.start),
      who: trouble.trackId === null ? 'all' : (trouble.name ?? `Face\u00A0${trouble.trackId}`),
      what: trouble.what,
      file: trouble.file,
    })),
  };
}
