import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, lstat, rename, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FerError } from '../../errors/fer-error.js';
import { claimTemporary, releaseTemporary } from '../../files/temporary-name.js';
import { makeFolder, writeError } from '../../files/write-error.js';
import { isS3Address, s3Join, deleteObject, fetchObject, headObject, putFile, readObject } from '../../storage/s3.js';

/**
 * A folder of object storage that takes results. They are written to a folder of this machine (in TMPDIR) and uploaded when they are
 * complete; nothing of a half written result is seen. The folder has the same name every time, so that an interrupted run resumes.
 */
export class RemoteFolder {
  private constructor(
    /** s3://bucket/prefix */
    readonly address: string,
    /** Absolute path. */
    readonly local: string,
  ) {}

  /** Null for a folder of this machine. @throws FerError OUTPUT_UNWRITABLE */
  static async of(folder: string): Promise<RemoteFolder | null> {
    if (!isS3Address(folder)) return null;
    const name = createHash('sha256').update(s3Join(folder, '')).digest('hex').slice(0, 16);
    return new RemoteFolder(folder, join(await ownFolder(), name));
  }

  /** Where a file of the local folder is to appear. */
  addressOf(path: string): string {
    return s3Join(this.address, relative(this.local, resolve(path)).replaceAll('\\', '/'));
  }

  /** Uploads a complete file under its name. @throws FerError OUTPUT_UNWRITABLE, INTERRUPTED */
  async publish(path: string, signal?: AbortSignal): Promise<void> {
    await putFile(path, this.addressOf(path), signal);
  }

  /** Size in bytes; null when it is not there. @throws FerError STORAGE_FAILED */
  async bytes(path: string): Promise<number | null> {
    return (await headObject(this.addressOf(path)))?.bytes ?? null;
  }

  /** Null when it is not there. @throws FerError STORAGE_FAILED */
  async readText(path: string): Promise<string | null> {
    return readObject(this.addressOf(path));
  }

  /** Downloads a file to its place in the local folder. @throws FerError STORAGE_FAILED, OUTPUT_UNWRITABLE */
  async fetch(path: string, signal?: AbortSignal): Promise<void> {
    const address = this.addressOf(path);
    const answer = await fetchObject(address, { ...(signal && { signal }) });
    if (!answer.ok || answer.body === null) {
      throw new FerError('STORAGE_FAILED', `${address}: cannot be read (${answer.status} ${answer.statusText})`);
    }
    await makeFolder(dirname(path));
    const temporary = claimTemporary(path);
    try {
      await pipeline(Readable.fromWeb(answer.body), createWriteStream(temporary));
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw writeError(path, error);
    } finally {
      releaseTemporary(temporary);
    }
  }

  async delete(path: string): Promise<void> {
    await deleteObject(this.addressOf(path));
  }
}

/** Temporary folders are shared: no other user may own or read this one. */
async function ownFolder(): Promise<string> {
  // By number: in a container the user need not have a name.
  const user = process.getuid?.() ?? userInfo().username.replace(/[^\w-]/g, '_');
  const path = join(tmpdir(), `ferstream-uploads-${user}`);
  try {
    await makeFolder(path);
    const about = await lstat(path);
    if (process.getuid !== undefined && (about.uid !== process.getuid() || about.isSymbolicLink())) {
      throw new FerError('OUTPUT_UNWRITABLE', `${path}: belongs to another user; set TMPDIR to your own folder`);
    }
    await chmod(path, 0o700);
  } catch (error) {
    throw writeError(path, error);
  }
  return path;
}
