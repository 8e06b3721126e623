import { stringify } from 'csv-stringify/sync';
import type { RunMetadata } from './run-metadata.js';
import { AtomicFile } from '../../files/atomic-file.js';
import { csvHeader, csvRows } from './csv-rows.js';
import type { Cell } from './csv-rows.js';
import type { OutputFormat, StagedWriter } from './output-format.js';

/** One row per face per frame, and a placeholder row for a frame without one, so that rows never lose step with frames. */
export const CSV: OutputFormat = {
  name: 'csv',
  ending: '.csv',
  summary: 'a table: one row per face per frame, a placeholder row for a frame without a face',
  async open(path: string, metadata: RunMetadata): Promise<StagedWriter> {
    const { labels } = metadata.model;
    const file = await AtomicFile.open(path);
    try {
      await file.write(csvText([csvHeader(labels)]));
    } catch (error) {
      await file.abort();
      throw error;
    }
    return {
      write: (result) => file.write(csvText(csvRows(result, labels))),
      prepare: () => file.prepare(),
      commit: () => file.commit(),
      abort: () => file.abort(),
    };
  },
};

function csvText(rows: Cell[][]): string {
  // RFC 4180 ends lines with CR LF.
  return stringify(rows, { record_delimiter: 'windows' });
}
