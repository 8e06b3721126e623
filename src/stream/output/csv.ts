import { stringify } from 'csv-stringify/sync';
import { csvHeader, csvRows } from './csv-rows.js';
import type { Cell } from './csv-rows.js';
import { textFormat } from './text-format.js';

/** One row per face per frame, and one for a frame without a face, so that every frame has a row. */
export const CSV = textFormat(
  {
    name: 'csv',
    ending: '.csv',
    summary: 'a table: one row per face per frame, and one row for a frame without a face',
  },
  ({ model: { labels }, input }) => {
    const layout = { labels, files: input.kind === 'images' };
    return {
      header: csvText([csvHeader(layout)]),
      frame: (result) => csvText(csvRows(result, layout)),
    };
  },
);

function csvText(rows: Cell[][]): string {
  // RFC 4180: lines end with CR LF.
  return stringify(rows, { record_delimiter: 'windows' });
}
