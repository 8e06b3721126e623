import type { Html } from '../../page/html.js';
import { html, percent } from '../../page/html.js';
import type { FaceSummary } from '../results/summary-builder.js';
import { clock, colourVar, portrait, shareBar, timeButton } from './report-parts.js';
import type { ReportFace } from './report-builder.js';

/** Transitions named without a click. */
const NAMED_TRANSITIONS = 5;

export function faceTitle({ id, name }: Pick<FaceSummary, 'id' | 'name'>): string {
  return name ?? `Face ${id}`;
}

/** A space at which no line ends. */
const NO_BREAK = '\u00a0';

/** One person: picture, when it was seen, how far to trust it, shares of expressions, timeline, periods and transitions. */
export function faceCard(face: ReportFace, labels: readonly string[], picture: string | null, isVideo: boolean): Html {
  const { summary } = face;
  const title = faceTitle(summary);
  const id = `face-${summary.id}`;
  return html`<section class="face" id="${id}" aria-labelledby="${id}-title">
    <div class="who">
      ${portrait(picture, title)}
      <div>
        <h3 id="${id}-title">${title}</h3>
        <p class="soft facts">
          ${isVideo ? html`${timeButton(summary.firstSeen)} to ${clock(summary.lastSeen)}, seen for ${`${summary.seconds.toFixed(1)}${NO_BREAK}s`}` : html`in ${summary.frames} ${summary.frames === 1 ? 'image' : 'images'}`}
        </p>
        ${trustBar(summary)}
      </div>
    </div>
    <div class="mix">
      <h4>Share of usable ${isVideo ? 'time' : 'images'}</h4>
      ${summary.usableSeconds === 0 ? html`<p class="soft">Nothing usable.</p>` : html`${shareBar(summary.timeShare)}${shareList(summary)}`}
    </div>
    ${
      isVideo
        ? html`<div class="lane" data-face="${summary.id}">
              <canvas
                tabindex="0"
                role="slider"
                aria-label="Timeline of ${title}"
                aria-describedby="timeline-keys"
                aria-details="${id}-periods"
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow="0"
              ></canvas>
              <p class="tip" hidden></p>
            </div>
            ${transitions(face, labels)}
            <details class="periods" id="${id}-periods" data-face="${summary.id}">
              <summary>Periods of one expression (${face.segments.length})</summary>
            </details>`
        : null
    }
  </section>`;
}

function trustBar({ seconds, usableSeconds, sureSeconds }: FaceSummary): Html {
  const share = (part: number): number => (seconds > 0 ? part / seconds : 0);
  const [sure, unsure] = [share(sureSeconds), share(usableSeconds - sureSeconds)];
  const text = `${percent(sure)} sure, ${percent(unsure)} unsure, ${percent(Math.max(0, 1 - sure - unsure))} unusable`;
  return html`<div class="trust" aria-hidden="true">
      <i class="sure" style="width:${(100 * sure).toFixed(1)}%"></i
      ><i class="unsure" style="width:${(100 * unsure).toFixed(1)}%"></i>
    </div>
    <p class="soft facts">${text}</p>`;
}

function shareList({ timeShare }: FaceSummary): Html {
  const shown = Object.entries(timeShare)
    .filter(([, share]) => share >= 0.0005)
    .sort((a, b) => b[1] - a[1]);
  return html`<ul class="legend values">
    ${shown.map(([label, share]) => html`<li><i style="background:${colourVar(label)}"></i>${label} <b>${percent(share)}</b></li>`)}
  </ul>`;
}

function transitions({ transitions: counts, summary }: ReportFace, labels: readonly string[]): Html | null {
  const all = [...counts].flatMap(([from, to]) => [...to].map(([label, count]) => ({ from, to: label, count })));
  if (all.length === 0) return null;
  all.sort((a, b) => b.count - a.count || labels.indexOf(a.from) - labels.indexOf(b.from));
  const used = labels.filter((label) => all.some(({ from, to }) => from === label || to === label));
  const chips = all
    .slice(0, NAMED_TRANSITIONS)
    .map(
      ({ from, to, count }) =>
        html`<li>
          <i style="background:${colourVar(from)}"></i>${from} <span role="img" aria-label="to">→</span>
          <i style="background:${colourVar(to)}"></i>${to} <b>${count}×</b>
        </li>`,
    );
  return html`<div class="changes">
    <h4>Transitions</h4>
    <ul class="legend">
      ${chips}
    </ul>
    <details>
      <summary>All transitions (${all.reduce((sum, { count }) => sum + count, 0)})</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Transitions of ${faceTitle(summary)}">
        <table class="numbers" aria-label="Transitions of ${faceTitle(summary)}">
          <caption class="soft">
            Rows: from; columns: to. Within usable footage.
          </caption>
          <thead>
            <tr>
              <td></td>
              ${used.map((label) => html`<th scope="col">${label}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${used.map(
              (from) =>
                html`<tr>
                  <th scope="row">${from}</th>
                  ${used.map((to) => html`<td>${counts.get(from)?.get(to) ?? (from === to ? '' : '·')}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </div>`;
}
