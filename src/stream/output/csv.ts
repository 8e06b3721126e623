import { csvText, resultColumns, tableRows } from '../results/result-columns.js';
import type { TableLayout } from '../results/result-columns.js';
import type { RunMetadata } from '../results/annotation-schema.js';
import { textFormat } from '../results/output-format.js';

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
