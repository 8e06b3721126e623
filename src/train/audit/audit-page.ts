import { createHash } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { exists, makeFolder, writeError } from '../../files/write-error.js';
import { html, percent, posterior } from '../../page/html.js';
import type { Html } from '../../page/html.js';
import { figureTable, pageFrame, tiles } from '../../page/page-frame.js';
import { countMatrix } from '../report/confusion.js';
import { jpegDataUri } from '../report/examples.js';
import { STYLE } from '../report/report-page.js';
import { groupBy } from '../util/arrays.js';
import { auditLabels } from './audit-labels.js';
import type { AuditedLabel, LabelAudit } from './audit-labels.js';
import { distrustOf, figuresOfEvidence, figuresOfRun } from './judge-trust.js';
import { evidenceOfRun, readRowHistory } from './label-evidence.js';

export const AUDIT_CSV = 'audit.csv';
export const AUDIT_HTML = 'audit.html';

/**
 * Writes audit.csv and audit.html into a folder, which is made if need be. An audit.csv whose marks somebody has changed is kept as audit-edited-1.csv.
 * @throws FerError OUTPUT_UNWRITABLE
 */
export async function writeAudit(folder: string, audit: LabelAudit, options: AuditPageOptions): Promise<void> {
  await makeFolder(folder).catch((error: unknown) => {
    throw writeError(folder, error);
  });
  const table = auditCsv(audit);
  const page = await auditPage(audit, options);
  await keepEdited(folder, table);
  await writeFileAtomic(join(folder, AUDIT_CSV), table);
  await writeFileAtomic(join(folder, AUDIT_HTML), `${page}${seal(table)}\n`);
}

/** At the end of the page: the table as it was written. */
function seal(table: string): string {
  return `<!-- ${AUDIT_CSV} ${createHash('sha256').update(table).digest('hex')} -->`;
}

async function keepEdited(folder: string, table: string): Promise<void> {
  const path = join(folder, AUDIT_CSV);
  const [there, page] = await Promise.all(
    [path, join(folder, AUDIT_HTML)].map((file) => readFile(file, 'utf8').catch(() => null)),
  );
  if (there == null || there === table || page?.includes(seal(there)) === true) return;
  let [number, kept] = [0, ''];
  do kept = join(folder, `audit-edited-${(number += 1)}.csv`);
  while (await exists(kept));
  await rename(path, kept).catch((error: unknown) => {
    throw writeError(kept, error);
  });
}

export const AUDIT_COLUMNS = [
  'id',
  'given',
  'suggested',
  'score',
  'exclude',
  'p_gt',
  'p_nn',
  'disagreed',
  'looks',
] as const;

/** The audit as a table, the most suspicious first: RFC 4180, with a header. */
export function auditCsv({ labels, rows }: LabelAudit): string {
  const table = rows.map(({ id, given, suggested, score, isSuspect, truth, nearest, disagreed, looks }) => [
    ...[id, labels[given]!, labels[suggested]!, short(score), isSuspect ? 'yes' : 'no'],
    ...[short(truth), short(nearest), short(disagreed), looks],
  ]);
  return stringify([[...AUDIT_COLUMNS], ...table], { record_delimiter: 'windows' });
}

function short(value: number): number {
  return Number(value.toPrecision(4));
}

/**
 * Audits the labels a run was trained with, from what it recorded in every epoch.
 * @param folder of the run
 * @param output where audit.csv and audit.html are written; the run's folder if left out
 * @throws FerError INPUT_NOT_FOUND, INPUT_UNREADABLE, OUTPUT_UNWRITABLE
 */
export async function auditRun(folder: string, pictures: AuditPictures, output = folder): Promise<LabelAudit> {
  const history = await readRowHistory(folder);
  const evidence = evidenceOfRun(history);
  const figures = (await figuresOfRun(folder)) ?? figuresOfEvidence(evidence, 'labels it was trained with');
  const audit = auditLabels(evidence, history.labels, null, distrustOf(figures));
  const { epochs } = history;
  await writeAudit(output, audit, {
    title: `Label audit: ${basename(resolve(folder))}`,
    basis: `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} of training on these labels`,
    pictures,
  });
  return audit;
}

/** Pictures and names of audited rows. */
export interface AuditPictures {
  /** Pixels by the ids of rows, [S, S, 1] or [S, S, 3] in 0..255; rows without any are left out. */
  load(ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Readable name of a row: "talk.mp4, 5.4 s". */
  nameOf(id: string): string;
}

export interface AuditPageOptions {
  readonly title: string;
  /** The evidence, such as "40 epochs of training". */
  readonly basis: string;
  readonly pictures: AuditPictures;
}

/** Faces in the gallery: as many as a person looks through at a sitting, in a file that can still be sent. */
export const GALLERY = 200;

/** The page that shows an audit to people: nothing to load from elsewhere, no scripts. */
export async function auditPage(audit: LabelAudit, { title, basis, pictures }: AuditPageOptions): Promise<string> {
  const { rows, labels, expectedWrong, confusion, distrust } = audit;
  const shown = rows.slice(0, GALLERY);
  const pictured: Html[] = [];
  const loaded = await pictures.load(shown.map(({ id }) => id));
  for (const row of shown)
    pictured.push(await figureOf(row, labels, loaded.get(row.id) ?? null, pictures.nameOf(row.id)));
  const figures = [
    ['Labels audited', String(rows.length)],
    ['Estimated wrong', percent(rows.length === 0 || distrust !== null ? null : expectedWrong / rows.length)],
    ['Marked for exclusion', String(rows.filter(({ isSuspect }) => isSuspect).length)],
    ['Another label suggested', String(rows.filter(({ given, suggested }) => given !== suggested).length)],
  ] as const;
  return pageFrame({
    title,
    style: STYLE,
    body: html`<header>
        <h1>${title}</h1>
        <p class="soft">Judged by ${basis}.</p>
        ${distrust === null ? [] : html`<p><strong>No label is called wrong: ${distrust}.</strong> The ranking below shows only what this network found hard.</p>`}
      </header>
      ${tiles(figures)}
      <section>
        <h2>Class by class</h2>
        <p>
          How many of the labels of each name should be another, as estimated from all of them. An ambiguous face is not
          a wrong label: look before you drop.
        </p>
        ${classTable(audit)}
        <p>Rows are the label given, columns the one suggested; on the diagonal the label is believed.</p>
        <div class="matrices">${countMatrix('Labels', labels, confusion)}</div>
      </section>
      <section>
        <h2>The most suspicious first</h2>
        <p class="soft">
          ${shown.length === rows.length ? 'All labels' : `${shown.length} of ${rows.length} labels; audit.csv has all of them`}.
          Score: how likely the label is wrong. p_GT and p_NN: mean posteriors of the label and of the best other one.
        </p>
        <div class="thumbs">${pictured}</div>
      </section>`,
  });
}

function classTable({ labels, rows, noiseRates }: LabelAudit): Html {
  const byClass = groupBy(rows, ({ given }) => given);
  const classRows = labels.map((label, k) => {
    const members = byClass.get(k) ?? [];
    const rate = noiseRates[k] ?? null;
    const suspects = members.filter(({ isSuspect }) => isSuspect);
    const [other, most] = [...groupBy(suspects, ({ suggested }) => suggested)].reduce<readonly [number, number]>(
      (best, [j, { length }]) => (length > best[1] ? [j, length] : best),
      [-1, 0],
    );
    return html`<tr>
      <th scope="row">${label}</th>
      <td>${members.length}</td>
      <td class="bar" style="--share:${(100 * (rate ?? 0)).toFixed(1)}%">${percent(rate)}</td>
      <td>${suspects.length}</td>
      <td class="text">${most === 0 ? '–' : `${labels[other]!} (${most})`}</td>
    </tr>`;
  });
  return figureTable({
    head: [
      ...['Given label', 'Labels', 'Estimated wrong', 'Marked'],
      html`<th scope="col" class="text">Mostly suggested for these</th>`,
    ],
    rows: classRows,
  });
}

async function figureOf(
  { given, suggested, score, truth, nearest }: AuditedLabel,
  labels: readonly string[],
  pixels: Uint8Array | null,
  name: string,
): Promise<Html> {
  const [from, to] = [labels[given]!, labels[suggested]!];
  const picture =
    pixels === null
      ? html`<span class="none">no picture</span>`
      : html`<img
          src="${await jpegDataUri(pixels)}"
          width="96"
          height="96"
          loading="lazy"
          alt="Face labelled ${from}, suggested ${to}"
        />`;
  return html`<figure>
    ${picture}
    <figcaption>
      <b>${from === to ? from : `${from} → ${to}`}</b>Score ${posterior(score)}<br />p_GT ${posterior(truth)}<br />p_NN
      ${posterior(nearest)}<span class="id">${name}</span>
    </figcaption>
  </figure>`;
}
