import type { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { AtomicFile } from '../../files/atomic-file.js';
import { runText } from '../results/jsonl-text.js';
import type { OutputFormat } from '../results/output-format.js';
import { resultColumns, rowFaces } from '../results/result-columns.js';
import type { Cell, Column } from '../results/result-columns.js';
import type { RunMetadata } from '../results/annotation-schema.js';
import { SegmentReader } from '../results/segment-reader.js';
import { layoutOf } from './csv.js';
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

/** Rows held in memory and written together. */
const ROW_GROUP = 20_000;

const TYPES = { integer: 'INT32', number: 'DOUBLE', text: 'BYTE_ARRAY' } as const;

/** A Parquet file with typed columns, written row group by row group. The run's metadata is in the file's key-value metadata. */
class ParquetTable {
  private rows: (Cell | null)[][] = [];

  private constructor(
    private readonly columns: readonly Pick<Column, 'name' | 'type'>[],
    private readonly file: AtomicFile,
    private readonly bytes: ByteWriter,
    private readonly parquet: ParquetWriter,
  ) {}

  /** @throws FerError OUTPUT_UNWRITABLE */
  static async open(
    path: string,
    columns: readonly Pick<Column, 'name' | 'type'>[],
    metadata: RunMetadata,
  ): Promise<ParquetTable> {
    const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
    const file = await AtomicFile.open(path);
    const bytes = new ByteWriter();
    const parquet = new ParquetWriter({
      writer: bytes,
      schema: [{ name: 'root', num_children: columns.length }, ...columns.map(schemaElement)],
      kvMetadata: [{ key: 'ferstream', value: runText(metadata).trim() }],
      createdBy: `ferstream ${metadata.ferstream}`,
    });
    return new ParquetTable(columns, file, bytes, parquet);
  }

  async write(rows: readonly (readonly (Cell | null)[])[]): Promise<void> {
    for (const row of rows) this.rows.push([...row]);
    if (this.rows.length >= ROW_GROUP) await this.writeRows();
  }

  async prepare(): Promise<void> {
    await this.writeRows();
    await this.parquet.finish();
    await this.drain();
    await this.file.prepare();
  }

  commit(): Promise<void> {
    return this.file.commit();
  }

  abort(): Promise<void> {
    return this.file.abort();
  }

  private async writeRows(): Promise<void> {
    const { rows } = this;
    if (rows.length === 0) return;
    const columnData = this.columns.map((column, k) => ({ name: column.name, data: rows.map((row) => row[k]!) }));
    await this.parquet.write({ columnData, rowGroupSize: rows.length });
    this.rows = [];
    await this.drain();
  }

  private async drain(): Promise<void> {
    const written = this.bytes.getBytes().slice();
    this.bytes.index = 0;
    await this.file.write(written);
  }
}

function schemaElement({ name, type }: Pick<Column, 'name' | 'type'>) {
  return {
    name,
    type: TYPES[type],
    repetition_type: 'OPTIONAL' as const,
    ...(type === 'text' ? { converted_type: 'UTF8' as const } : {}),
  };
}
