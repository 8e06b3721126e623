import type { OutputFormat } from '../results/output-format.js';
import { resultColumns, rowFaces } from '../results/result-columns.js';
import { SegmentReader } from '../results/segment-reader.js';
import { layoutOf } from './csv.js';
import { ParquetTable } from './parquet-table.js';
import { SEGMENT_COLUMNS, segmentRow } from './segments.js';

/** The table of CSV with typed columns, for DuckDB, pandas, polars and R. */
export const PARQUET: OutputFormat = {
  name: 'parquet',
  ending: '.parquet',
  summary: 'the table of csv as Apache Parquet, with typed columns, for DuckDB, pandas, polars and R',
  async open(path, metadata) {
    const columns = resultColumns(layoutOf(metadata));
    const table = await ParquetTable.open(path, columns, metadata);
    return {
      write: (frame) => table.write(rowFaces(frame).map((face) => columns.map((column) => column.value(face, frame)))),
      prepare: () => table.prepare(),
      commit: () => table.commit(),
      abort: () => table.abort(),
    };
  },
};

/** The table of segments with typed columns. */
export const SEGMENTS_PARQUET: OutputFormat = {
  name: 'segments-parquet',
  ending: '.segments.parquet',
  summary: 'the table of segments as Apache Parquet, with typed columns',
  async open(path, metadata) {
    const segments = new SegmentReader(metadata);
    const table = await ParquetTable.open(path, SEGMENT_COLUMNS, metadata);
    return {
      write: (frame) => table.write(segments.push(frame).map(segmentRow)),
      async prepare() {
        await table.write(segments.end().map(segmentRow));
        await table.prepare();
      },
      commit: () => table.commit(),
      abort: () => table.abort(),
    };
  },
};
