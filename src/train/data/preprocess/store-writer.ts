import { open, readdir, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isLockFile } from '../../../files/folder-lock.js';
import { FerError } from '../../../errors/fer-error.js';
import { makeFolder } from '../../../files/write-error.js';
import { cropLength } from '../crops/crop-source.js';
import { jsonLines } from './read-prepared.js';
import { assertSame, CROPS_FILE, HEADER_FILE, readHeader, ROWS_FILE, writeHeader } from './prepared-header.js';
import type { PreparedHeader } from './prepared-header.js';
import type { SampleRow, UnplacedRow } from './sample-row.js';
import { countOrigins } from './sample-row.js';

/** In-memory part of a written row. */
export type WrittenRow = Pick<SampleRow, 'id' | 'origin' | 'note'>;

/**
 * Writes a prepared folder, sample by sample: first the crops, then their row. So a program killed at any moment leaves
 * complete rows, and behind them at most something to cut off, which `open` does.
 */
export class StoreWriter {
  private constructor(
    private readonly folder: string,
    private readonly header: PreparedHeader,
    private readonly rowsFile: FileHandle,
    private readonly cropsFile: FileHandle,
    private readonly written: WrittenRow[],
    private cropCount: number,
    private rowBytes: number,
  ) {}

  /**
   * Starts a folder, or resumes one.
   * @throws FerError CONFIG_INVALID when the folder holds crops of something else, OUTPUT_UNWRITABLE when it cannot be written
   */
  static async open(folder: string, header: PreparedHeader): Promise<StoreWriter> {
    const existing = await readHeader(folder);
    if (existing !== null) assertSame(folder, existing, header);
    return writing(folder, async () => {
      if (existing === null) await start(folder, header);
      const state = await completeRows(folder, cropLength(header.geometry));
      const rowsFile = await open(join(folder, ROWS_FILE), 'a');
      const cropsFile = await open(join(folder, CROPS_FILE), 'a');
      await cutOff(rowsFile, state.rowBytes);
      await cutOff(cropsFile, state.crops * cropLength(header.geometry));
      return new StoreWriter(
        folder,
        existing ?? header,
        rowsFile,
        cropsFile,
        state.written,
        state.crops,
        state.rowBytes,
      );
    });
  }

  /** Samples that are done. */
  get rows(): readonly WrittenRow[] {
    return this.written;
  }

  get crops(): number {
    return this.cropCount;
  }

  /** @param crops `row.crops` of them */
  async append(row: UnplacedRow, crops: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const firstCrop = this.cropCount;
    const frames = row.frames.map(({ index, timestamp, crop, flaw }) => ({
      index,
      timestamp,
      crop: crop === null ? null : firstCrop + crop,
      ...(flaw !== undefined && { flaw }),
    }));
    const { crops: own, frames: _counted, ...said } = row;
    const placed: SampleRow = { ...said, firstCrop, crops: own, frames };
    const line = Buffer.from(`${JSON.stringify(placed)}\n`);
    await writing(this.folder, async () => {
      await this.assertAlone();
      for await (const crop of crops) {
        await this.cropsFile.appendFile(crop);
        this.cropCount += 1;
      }
      if (this.cropCount !== firstCrop + own)
        throw new FerError(
          'INTERNAL',
          `${placed.id}: ${this.cropCount - firstCrop} crops instead of ${own}: report this bug`,
        );
      await this.rowsFile.appendFile(line);
      this.rowBytes += line.length;
    });
    this.written.push({ id: placed.id, origin: placed.origin, note: placed.note });
  }

  /** Two runs in one folder would mix their crops: the one that notices stops, and incomplete rows are cut off on resuming. */
  private async assertAlone(): Promise<void> {
    const [rows, crops] = await Promise.all([this.rowsFile.stat(), this.cropsFile.stat()]);
    if (rows.size === this.rowBytes && crops.size === this.cropCount * cropLength(this.header.geometry)) return;
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      `${this.folder}: another process is writing there: wait for it, then run this command again`,
    );
  }

  /** To be called when every sample has its row: from now on the folder can be opened. */
  async complete(): Promise<void> {
    const complete = { crops: this.cropCount, ...countOrigins(this.written) };
    // Rows of a complete folder may have been lost, and written again.
    if (JSON.stringify(this.header.complete) === JSON.stringify(complete)) return;
    await writing(this.folder, async () => {
      await this.cropsFile.sync();
      await this.rowsFile.sync();
      await writeHeader(this.folder, { ...this.header, complete });
    });
  }

  async close(): Promise<void> {
    await this.cropsFile.close();
    await this.rowsFile.close();
  }
}

async function start(folder: string, header: PreparedHeader): Promise<void> {
  await makeFolder(folder);
  const others = (await readdir(folder)).filter((name) => name !== `${HEADER_FILE}.tmp` && !isLockFile(name));
  if (others.length > 0) {
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      `${folder}: already contains other files (${others[0]!}): give an empty or a new folder`,
    );
  }
  await writeHeader(folder, header);
}

interface State {
  readonly written: WrittenRow[];
  readonly rowBytes: number;
  readonly crops: number;
}

/** Where the last row ends whose crops are all there. */
async function completeRows(folder: string, bytesPerCrop: number): Promise<State> {
  const cropBytes = await stat(join(folder, CROPS_FILE)).then(
    ({ size }) => size,
    () => 0,
  );
  const written: WrittenRow[] = [];
  let rowBytes = 0;
  let crops = 0;
  for await (const { value, end } of jsonLines(join(folder, ROWS_FILE))) {
    const row = value as SampleRow;
    if ((row.firstCrop + row.crops) * bytesPerCrop > cropBytes) break;
    written.push({ id: row.id, origin: row.origin, note: row.note });
    rowBytes = end;
    crops = row.firstCrop + row.crops;
  }
  return { written, rowBytes, crops };
}

/** A file that has this length already is left alone. */
async function cutOff(file: FileHandle, length: number): Promise<void> {
  if ((await file.stat()).size !== length) await file.truncate(length);
}

async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FerError) throw error;
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      `${folder}: cannot be written (${error instanceof Error ? error.message : String(error)}): check free space and permissions`,
      { cause: error },
    );
  }
}
