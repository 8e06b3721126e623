import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Most file systems refuse names of more than 255 bytes; the random part needs some of them. */
const LONGEST_STEM = 200;
const ONE_DAY = 24 * 3600 * 1000;

/** Temporaries that this process is still writing. */
const inUse = new Set<string>();

/** What every temporary of `path` is called, up to the process id and the random part. */
function temporaryPrefix(path: string): string {
  const name = basename(path);
  const short =
    Buffer.byteLength(name) <= LONGEST_STEM ? name : createHash('sha256').update(name).digest('hex').slice(0, 32);
  return `.${short}.tmp-`;
}

/**
 * A fresh name `.<name>.tmp-<process id>-<random>` in the folder of `path`: the same file system, so that a rename is atomic, and hidden.
 * `releaseTemporary` must be called when it is gone.
 */
export function claimTemporary(path: string): string {
  const temporary = join(dirname(path), `${temporaryPrefix(path)}${process.pid}-${randomBytes(6).toString('hex')}`);
  inUse.add(temporary);
  return temporary;
}

export function releaseTemporary(temporary: string): void {
  inUse.delete(temporary);
}

/**
 * Deletes what killed runs left behind for the target `path` (files and folders). A temporary whose process still lives is left alone for a
 * day: two runs may be writing the same target, and a process id may have been given away again.
 */
export async function removeStaleTemporaries(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = temporaryPrefix(path);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix)) continue;
    const match = /^(\d+)-[0-9a-f]{12}$/.exec(name.slice(prefix.length));
    if (match === null) continue;
    const temporary = join(folder, name);
    if (inUse.has(temporary)) continue;
    const owner = Number(match[1]);
    if (owner !== process.pid && isAlive(owner) && (await age(temporary)) < ONE_DAY) continue;
    await rm(temporary, { recursive: true, force: true });
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM: it lives but belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Milliseconds since the last write; 0 for what has vanished in the meantime. */
async function age(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
}
