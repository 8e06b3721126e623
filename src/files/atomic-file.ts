import { open, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FerError } from '../errors/fer-error.js';
import { writeError } from './write-error.js';
import { claimTemporary, releaseTemporary, removeStaleTemporaries } from './temporary-name.js';

/** Bytes gathered before a write to the disk. */
const CHUNK = 64 * 1024;

/**
 * A file that appears under its final name complete or not at all: it is written under a temporary name in the same folder,
 * flushed to the disk by `prepare`, and renamed by `commit`. `abort` leaves nothing behind.
 *
 * Await each call before the next: that is what makes a slow disk slow its producer.
 * All methods throw FerError OUTPUT_UNWRITABLE naming the final path.
 */
export class AtomicFile {
  private chunks: Buffer[] = [];
  private gathered = 0;
  private state: 'open' | 'prepared' | 'committed' | 'aborted' = 'open';

  private constructor(
    readonly path: string,
    private readonly temporary: string,
    private readonly handle: FileHandle,
  ) {}

  /** Opens the temporary; the folder must exist. Removes first what killed runs left for the same target. */
  static async open(path: string): Promise<AtomicFile> {
    try {
      await refuseFolder(path);
      await removeStaleTemporaries(path);
    } catch (error) {
      throw writeError(path, error);
    }
    const temporary = claimTemporary(path);
    try {
      // wx: never writes through a link of that name.
      return new AtomicFile(path, temporary, await open(temporary, 'wx'));
    } catch (error) {
      releaseTemporary(temporary);
      throw writeError(path, error);
    }
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.expect('open');
    const chunk = typeof data === 'string' ? Buffer.from(data, 'utf8') : Buffer.from(data);
    this.chunks.push(chunk);
    this.gathered += chunk.length;
    if (this.gathered >= CHUNK) await this.drain();
  }

  /** Everything written is on the disk, still under the temporary name. */
  async prepare(): Promise<void> {
    this.expect('open');
    await this.drain();
    try {
      await this.handle.sync();
      await this.handle.close();
    } catch (error) {
      throw writeError(this.path, error);
    }
    this.state = 'prepared';
  }

  /** Gives the file its final name, replacing what was there. */
  async commit(): Promise<void> {
    this.expect('prepared');
    try {
      await rename(this.temporary, this.path);
      await syncFolder(dirname(this.path));
    } catch (error) {
      throw writeError(this.path, error);
    }
    this.state = 'committed';
    releaseTemporary(this.temporary);
  }

  /** Deletes the temporary. Harmless after `commit`, and when called twice. */
  async abort(): Promise<void> {
    if (this.state === 'committed' || this.state === 'aborted') return;
    this.state = 'aborted';
    this.chunks = [];
    await this.handle.close().catch(() => undefined);
    await rm(this.temporary, { force: true }).catch(() => undefined);
    releaseTemporary(this.temporary);
  }

  private async drain(): Promise<void> {
    const data = Buffer.concat(this.chunks);
    this.chunks = [];
    this.gathered = 0;
    try {
      // appendFile on a handle continues where the last write ended, and repeats short writes.
      await this.handle.appendFile(data);
    } catch (error) {
      throw writeError(this.path, error);
    }
  }

  private expect(state: 'open' | 'prepared'): void {
    if (this.state !== state)
      throw new FerError('INTERNAL', `${this.path} is ${this.state}, not ${state}: report this bug`);
  }
}

/**
 * Writes a whole file at once: complete or not at all.
 * @throws FerError OUTPUT_UNWRITABLE naming `path`
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const file = await AtomicFile.open(path);
  try {
    await file.write(data);
    await file.prepare();
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

/** Writes all of `data` at a place of a file: a single write may write less than it is given. */
export async function writeAt(file: FileHandle, data: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < data.byteLength;) {
    const { bytesWritten } = await file.write(data, done, data.byteLength - done, position + done);
    done += bytesWritten;
  }
}

/** Fails now rather than after an hour of work, when the rename would. */
export async function refuseFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
}

/** Makes a rename survive a power cut where the system can; Windows cannot open folders. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, 'r');
  } catch {
    return;
  }
  try {
    await handle.sync();
  } catch {
    // Some network file systems refuse to sync a folder; the rename itself has happened.
  } finally {
    await handle.close();
  }
}
