import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { AtomicFile } from '../../files/atomic-file.js';
import { layoutOf } from './csv.js';
import { runText } from '../results/jsonl-text.js';
import type { OutputFormat } from '../results/output-format.js';
import { resultColumns, rowFaces } from '../results/result-columns.js';
import type { Cell, Column } from '../results/result-columns.js';

/** Rows held in memory and written together. */
const ROW_GROUP = 20_000;

const TYPES = { integer: 'INT32', number: 'DOUBLE', text: 'BYTE_ARRAY' } as const;

/** The table of CSV with typed columns, for DuckDB, pandas, polars and R. The run's metadata is in the file's key-value metadata. */
export const PARQUET: OutputFormat = {
  name: 'parquet',
  ending: '.parquet',
  summary: 'the table of csv as Apache Parquet, with typed columns, for DuckDB, pandas, polars and R',
  async open(path, metadata) {
    const columns = resultColumns(layoutOf(metadata));
    const file = await AtomicFile.open(path);
    const bytes = new ByteWriter();
    const parquet = new ParquetWriter({
      writer: bytes,
      schema: [{ name: 'root', num_children: columns.length }, ...columns.map(schemaElement)],
      kvMetadata: [{ key: 'ferstream', value: runText(metadata).trim() }],
      createdBy: `ferstream ${metadata.ferstream}`,
    });
    let rows: (Cell | null)[][] = [];
    const drain = async (): Promise<void> => {
      const written = bytes.getBytes().slice();
      bytes.index = 0;
      await file.write(written);
    };
    const writeRows = async (): Promise<void> => {
      if (rows.length === 0) return;
      const columnData = columns.map((column, k) => ({ name: column.name, data: rows.map((row) => row[k]!) }));
      await parquet.write({ columnData, rowGroupSize: rows.length });
      rows = [];
      await drain();
    };
    return {
      async write(frame) {
        for (const face of rowFaces(frame)) rows.push(columns.map((column) => column.value(face, frame)));
        if (rows.length >= ROW_GROUP) await writeRows();
      },
      async prepare() {
        await writeRows();
        await parquet.finish();
        await drain();
        await file.prepare();
      },
      commit: () => file.commit(),
      abort: () => file.abort(),
    };
  },
};

function schemaElement({ name, type }: Column) {
  return {
    name,
    type: TYPES[type],
    repetition_type: 'OPTIONAL' as const,
    ...(type === 'text' ? { converted_type: 'UTF8' as const } : {}),
  };
}
