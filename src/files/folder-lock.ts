import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FerError } from '../errors/fer-error.js';
import { CLAIM_BYTES, readClaim, startHeartbeat, writeClaim } from './lock-claim.js';
import type { Claim } from './lock-claim.js';
import { makeFolder, writeError } from './write-error.js';
import { isRunning, processIdentity } from './process-identity.js';

const LOCK_PREFIX = '.ferstream-lock-';
/** Milliseconds between two signs of life. */
const BEAT = 2000;
/** Milliseconds without a sign of life after which the owner counts as dead. */
const STALE = 20_000;
const VANISHED_LIMIT = 5;
/** Bytes. */
const LONGEST_NAME = 200;

export interface FolderLock {
  /** Absolute path. */
  readonly folder: string;
  /** Aborts when the lock was lost: the process stood still for so long that another one took the folder over. Stop writing then. */
  readonly signal: AbortSignal;
}

export interface FolderLockOptions {
  /** Puts the lock next to the folder instead of in it, for work that replaces the whole folder. */
  readonly beside?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Aborts when either the user or the loss of the lock stops the work. */
export function stopSignal(lock: FolderLock, signal: AbortSignal | undefined): AbortSignal {
  return signal === undefined ? lock.signal : AbortSignal.any([signal, lock.signal]);
}

/** The locks held by the callers of the present asynchronous call: work within locked work may lock the same folder again. */
const heldAbove = new AsyncLocalStorage<ReadonlyMap<string, FolderLock>>();

/** Whether a name in a folder is that of a lock, not of content. */
export function isLockFile(name: string): boolean {
  return name.startsWith(LOCK_PREFIX);
}

/**
 * Runs `fn` while no other process, in any container or on any host that shares the disk, has the folder. The folder is made where it is missing
 * (and removed again if nothing was put into it). A lock whose owner has ended is taken over: at once when the owner ran in this container or on
 * this host, else after 20 seconds without a sign of life. Locks are released at the end of `fn` and at the end of the process.
 *
 * Every contender first writes a file with a random name and then looks for others: in this order, of two at least
 * one sees the other, even on file systems that do not create files exclusively; and a lock that has just been taken cannot be deleted by mistake.
 * @param purpose shown to others who want the lock: "fer train"
 * @throws FerError FOLDER_IN_USE when another process has it, or took it over while this one stood still; OUTPUT_UNWRITABLE; and what `fn` throws
 */
export async function withFolderLock<T>(
  folder: string,
  purpose: string,
  fn: (lock: FolderLock) => Promise<T>,
  { beside = false, signal }: FolderLockOptions = {},
): Promise<T> {
  const target = resolve(folder);
  const place = beside ? dirname(target) : target;
  const prefix = beside ? `${LOCK_PREFIX}${shortName(target)}-` : LOCK_PREFIX;
  const key = join(place, prefix);
  const above = heldAbove.getStore() ?? new Map<string, FolderLock>();
  const held = above.get(key);
  if (held !== undefined) return fn(held);
  const lost = new AbortController();
  const lock: FolderLock = { folder: target, signal: lost.signal };

  const { claim, path, isNewFolder } = await acquire(place, prefix, purpose, target, signal);
  locksToRelease.add(path);
  const stopHeartbeat = startHeartbeat({
    path,
    content: claim,
    bytes: CLAIM_BYTES,
    interval: BEAT,
    onLost: () => {
      lost.abort(takenOver(target));
    },
  });
  try {
    const result = await heldAbove.run(new Map([...above, [key, lock]]), () => fn(lock));
    lost.signal.throwIfAborted();
    return result;
  } catch (error) {
    lost.signal.throwIfAborted();
    throw error;
  } finally {
    await stopHeartbeat();
    await rm(path, { force: true }).catch(() => undefined);
    locksToRelease.delete(path);
    // Fails where the folder holds something, as it should.
    if (isNewFolder) await rmdir(place).catch(() => undefined);
  }
}

/** For names as long as the file system takes. */
function shortName(folder: string): string {
  const name = basename(folder);
  return Buffer.byteLength(name) <= LONGEST_NAME ? name : createHash('sha256').update(name).digest('hex').slice(0, 32);
}

const locksToRelease = new Set<string>();

process.on('exit', () => {
  for (const path of locksToRelease) {
    try {
      unlinkSync(path);
    } catch {
      // Lost, or the folder is gone.
    }
  }
});

interface Acquired {
  readonly claim: Claim;
  readonly path: string;
  readonly isNewFolder: boolean;
}

async function acquire(
  place: string,
  prefix: string,
  purpose: string,
  target: string,
  signal: AbortSignal | undefined,
): Promise<Acquired> {
  const since = new Date().toISOString();
  const sightings: Sightings = new Map();
  let isNewFolder = false;
  let vanished = 0;
  for (;;) {
    const token = randomBytes(8).toString('hex');
    const path = join(place, prefix + token);
    const claim = { ...processIdentity(), token, purpose, host: hostname(), since, held: false, beat: 0 };
    let rival: Claim | 'unknown' | null;
    try {
      stopIfAborted(target, signal);
      isNewFolder = (await makeFolder(place)) || isNewFolder;
      const written = await writeClaim(path, claim, 'wx');
      rival = await findRival({ place, prefix, token, written, sightings });
      if (rival === null) {
        await writeClaim(path, { ...claim, held: true }, 'r+');
        return { claim: { ...claim, held: true }, path, isNewFolder };
      }
      if (rival !== 'unknown' && rival.held && isAlive(rival, sightings)) throw inUse(target, rival);
      await rm(path, { force: true });
    } catch (error) {
      await rm(path, { force: true }).catch(() => undefined);
      if (isNewFolder) await rmdir(place).catch(() => undefined);
      // Another process removed the folder, empty again, between two steps of this one.
      vanished += (error as NodeJS.ErrnoException).code === 'ENOENT' ? 1 : Infinity;
      if (vanished > VANISHED_LIMIT) throw writeError(target, error);
      continue;
    }
    // Claims that are not held yet vanish soon; random, so that two do not keep meeting.
    const pause = rival !== 'unknown' && rival.held ? 500 : 50 + 200 * Math.random();
    await delay(pause, undefined, { signal }).catch(() => undefined);
  }
}

/** When each claim was seen to change, on this process' own clock: the clocks of other machines are not to be trusted. */
type Sightings = Map<string, { readonly beat: number; readonly at: number; readonly changed: boolean }>;

interface Search {
  readonly place: string;
  readonly prefix: string;
  /** Token of the own claim. */
  readonly token: string;
  /** When the own claim was written, by the clock of the file system. */
  readonly written: number;
  readonly sightings: Sightings;
}

/** The claim of another one that may be alive ("unknown" while it is being written), after removing those of the dead. */
async function findRival({ place, prefix, token, written, sightings }: Search): Promise<Claim | 'unknown' | null> {
  let rival: Claim | 'unknown' | null = null;
  for (const name of await readdir(place)) {
    const other = name.slice(prefix.length);
    if (!name.startsWith(prefix) || !/^[0-9a-f]{16}$/.test(other) || other === token) continue;
    const path = join(place, name);
    const found = await readClaim(path);
    if (found === null) continue;
    const { claim } = found;
    const beat = claim?.beat ?? -1;
    const before = sightings.get(other);
    if (before?.beat !== beat) sightings.set(other, { beat, at: performance.now(), changed: before !== undefined });
    const isSilent = written - found.written > STALE || performance.now() - sightings.get(other)!.at > STALE;
    const running = claim === null ? null : isRunning(claim);
    if (running === false || (running === null && isSilent)) await rm(path, { force: true });
    else if (rival === null || rival === 'unknown' || claim?.held === true) rival = claim ?? 'unknown';
  }
  return rival;
}

function isAlive(claim: Claim, sightings: Sightings): boolean {
  return isRunning(claim) === true || sightings.get(claim.token)?.changed === true;
}

function inUse(target: string, { purpose, host, pid, since }: Claim): FerError {
  return new FerError(
    'FOLDER_IN_USE',
    `${target} is in use by "${purpose}" (process ${pid} on ${host}, since ${since}); wait for it to end, or choose another folder`,
  );
}

function takenOver(target: string): FerError {
  return new FerError(
    'FOLDER_IN_USE',
    `${target} was taken over by another process while this one was paused; wait for that one to end, then run this again`,
  );
}

function stopIfAborted(target: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new FerError('INTERRUPTED', `${target}: stopped while waiting for the folder`);
}
