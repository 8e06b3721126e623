import { readFile } from 'node:fs/promises';
import { AtomicFile, writeFileAtomic } from '../../files/atomic-file.js';
import type { RunMetadata } from '../results/annotation-schema.js';
import { textFormat } from '../results/output-format.js';
import { applyPeople } from '../results/people.js';
import type { People } from '../results/people.js';
import { readFrames, readRun } from '../results/read-annotation.js';
import { csvText, resultColumns, tableRows } from '../results/result-columns.js';
import type { Cell, TableLayout } from '../results/result-columns.js';
import type { FaceSummary, Summary } from '../results/summary-builder.js';

/** One row per face per frame, and one for a frame without a face, so that every frame has a row. */
export const CSV = textFormat(
  {
    name: 'csv',
    ending: '.csv',
    summary: 'a table: one row per face per frame, and one row for a frame without a face',
  },
  (metadata) => {
    const columns = resultColumns(layoutOf(metadata));
    return {
      header: csvText([columns.map(({ name }) => name)]),
      frame: (result) => csvText(tableRows(result, columns)),
    };
  },
);

export function layoutOf({ model, input, people, settings }: RunMetadata): TableLayout {
  const { baseline = 'off' } = settings;
  return {
    labels: model.labels,
    files: input.kind === 'images',
    names: people !== undefined,
    relative: baseline !== 'off',
  };
}

/**
 * One table of several annotations: the rows of csv, each with its input. Columns that only some have are empty in the others.
 * @param annotations paths of JSONL files
 * @param target path of the CSV file
 * @throws FerError ANNOTATION_INVALID, OUTPUT_UNWRITABLE
 */
export async function writeCombined(
  annotations: readonly string[],
  target: string,
  people: People = {},
): Promise<void> {
  const runs: RunMetadata[] = [];
  for (const path of annotations) runs.push(await readRun(path));
  const layout = {
    labels: [...new Set(runs.flatMap(({ model }) => model.labels))],
    files: runs.some((run) => layoutOf(run).files),
    relative: runs.some((run) => layoutOf(run).relative),
    names: Object.keys(people.names ?? {}).length > 0 || runs.some((run) => layoutOf(run).names),
  };
  const columns = resultColumns(layout);
  const file = await AtomicFile.open(target);
  try {
    await file.write(csvText([['input', ...columns.map(({ name }) => name)]]));
    for (const [index, path] of annotations.entries()) {
      const { people: known, input } = runs[index]!;
      const corrections = { ...people, names: { ...known, ...people.names } };
      for await (const frame of readFrames(path)) {
        await file.write(
          csvText(tableRows(applyPeople(frame, corrections), columns).map((row) => [input.name, ...row])),
        );
      }
    }
    await file.prepare();
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

/**
 * One row per input and face: when it was seen, usable and sure time, share of each expression.
 * @param summaries paths of the inputs' own summaries (JSON)
 */
export async function writeBatchSummary(summaries: readonly string[], target: string): Promise<void> {
  const rows: { input: string; face: FaceSummary | null }[] = [];
  const labels = new Set<string>();
  for (const path of summaries) {
    const { run, faces } = JSON.parse(await readFile(path, 'utf8')) as Summary;
    for (const label of run.model.labels) labels.add(label);
    const input = run.input.name;
    rows.push(...(faces.length === 0 ? [{ input, face: null }] : faces.map((face) => ({ input, face }))));
  }
  const head = [
    'input',
    'face_id',
    'name',
    'first_seen',
    'last_seen',
    'frames',
    'seconds',
    'usable_seconds',
    'sure_seconds',
  ];
  const shares = [...labels].map((label) => `share_${label}`);
  const text = csvText([
    [...head, ...shares, 'mean_ambiguity', 'mean_quality'],
    ...rows.map(({ input, face }) => summaryRow(input, face, [...labels])),
  ]);
  await writeFileAtomic(target, text);
}

function summaryRow(input: string, face: FaceSummary | null, labels: readonly string[]): Cell[] {
  if (face === null) return [input, ...Array.from({ length: labels.length + 10 }, () => '')];
  const { id, name = '', firstSeen, lastSeen, frames, seconds, usableSeconds, sureSeconds } = face;
  const shares = labels.map((label) => face.timeShare[label] ?? '');
  return [
    ...[input, id, name, firstSeen, lastSeen, frames, seconds, usableSeconds, sureSeconds],
    ...shares,
    face.meanAmbiguity,
    face.meanQuality,
  ];
}
