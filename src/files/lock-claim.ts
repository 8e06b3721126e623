import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { ProcessIdentity } from './process-identity.js';

/** Bytes of a lock file: fixed, so that it is rewritten in place. */
export const CLAIM_BYTES = 1024;

/** What a lock file holds, as JSON. */
export interface Claim extends ProcessIdentity {
  readonly token: string;
  readonly purpose: string;
  readonly host: string;
  /** ISO 8601. */
  readonly since: string;
  /** False while the owner still looks for others. */
  readonly held: boolean;
  /** Grows with every sign of life. */
  readonly beat: number;
}

function claimText(claim: Claim): string {
  return JSON.stringify(claim).padEnd(CLAIM_BYTES);
}

/** Writes a claim to the disk. Returns when that was, by the clock of the file system, in milliseconds. */
export async function writeClaim(path: string, claim: Claim, flags: 'wx' | 'r+'): Promise<number> {
  return withFile(path, flags, async (handle) => {
    await handle.writeFile(claimText(claim));
    await handle.sync();
    return (await handle.stat()).mtimeMs;
  });
}

/** Opens the file rather than looking at it: that is what makes network file systems tell the present state. null where the lock is gone. */
export async function readClaim(
  path: string,
): Promise<{ readonly claim: Claim | null; readonly written: number } | null> {
  try {
    return await withFile(path, 'r', async (handle) => {
      const text = await handle.readFile('utf8');
      return { claim: text.trim() === '' ? null : parseClaim(text), written: (await handle.stat()).mtimeMs };
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** null for what is cut short. */
function parseClaim(text: string): Claim | null {
  try {
    return JSON.parse(text) as Claim;
  } catch {
    return null;
  }
}

async function withFile<T>(path: string, flags: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path, flags);
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}
