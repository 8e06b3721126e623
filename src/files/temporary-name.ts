import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isRunning, processIdentity } from './process-identity.js';

/** Most file systems refuse names of more than 255 bytes; the random part needs some of them. */
const LONGEST_STEM = 180;
/** Milliseconds between two touches of a temporary in use. */
const TOUCH_INTERVAL = 3600 * 1000;
/** Milliseconds without a touch after which a temporary file of another container or host counts as abandoned. */
const ABANDONED = 24 * TOUCH_INTERVAL;

/** Temporaries that this process is still writing. */
const inUse = new Set<string>();
let touching: NodeJS.Timeout | undefined;

/**
 * A fresh hidden name in the folder of `path` (the same file system, so that a rename is atomic):
 * `.<name>.tmp-<place>-<process id>-<process start>-<random>`. Call `releaseTemporary` when it is gone.
 */
export function claimTemporary(path: string): string {
  const { place, pid, start } = processIdentity();
  const random = randomBytes(6).toString('hex');
  const temporary = join(dirname(path), `${temporaryPrefix(path)}${place}-${pid}-${start}-${random}`);
  inUse.add(temporary);
  touching ??= setInterval(touchAll, TOUCH_INTERVAL).unref();
  return temporary;
}

export function releaseTemporary(temporary: string): void {
  inUse.delete(temporary);
  if (inUse.size > 0) return;
  clearInterval(touching);
  touching = undefined;
}

/** The temporaries (files and folders) that ended runs left behind for the target `path`. */
export async function staleTemporaries(path: string): Promise<string[]> {
  const folder = dirname(path);
  const prefix = temporaryPrefix(path);
  const stale: string[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix)) continue;
    const temporary = join(folder, name);
    if (await isStale(temporary, name.slice(prefix.length))) stale.push(temporary);
  }
  return stale;
}

/** Deletes what ended runs left behind for the target `path`. */
export async function removeStaleTemporaries(path: string): Promise<void> {
  for (const temporary of await staleTemporaries(path)) await rm(temporary, { recursive: true, force: true });
}

/**
 * Deletes the temporaries that one process made for these targets, wherever it ran: its work has gone to somebody else.
 * @param owner of `temporaryOwner`
 */
export async function removeTemporariesOf(paths: readonly string[], owner: string): Promise<void> {
  for (const path of paths) {
    const prefix = `${temporaryPrefix(path)}${owner}-`;
    for (const name of await readdir(dirname(path)).catch(() => [])) {
      const temporary = join(dirname(path), name);
      if (name.startsWith(prefix) && !inUse.has(temporary)) await rm(temporary, { recursive: true, force: true });
    }
  }
}

/** How temporaries of a process in this place are marked. */
export function temporaryOwner(pid: number): string {
  return `${processIdentity().place}-${pid}`;
}

/** Prefix of all temporary names of `path`, before owner and random part. */
function temporaryPrefix(path: string): string {
  const name = basename(path);
  const short =
    Buffer.byteLength(name) <= LONGEST_STEM ? name : createHash('sha256').update(name).digest('hex').slice(0, 32);
  return `.${short}.tmp-`;
}

/** Two runs may be writing the same target. What cannot be judged from here counts as in use until it has not been touched for a day. */
async function isStale(temporary: string, owner: string): Promise<boolean> {
  const match = /^([0-9a-f]{12})-(\d+)-(\d+)-[0-9a-f]{12}$/.exec(owner);
  if (match === null || inUse.has(temporary)) return false;
  const running = isRunning({ place: match[1]!, pid: Number(match[2]), start: match[3]! });
  if (running !== null) return !running;
  const found = await stat(temporary).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs > ABANDONED;
}

function touchAll(): void {
  const now = new Date();
  for (const temporary of inUse) void utimes(temporary, now, now).catch(() => undefined);
}
