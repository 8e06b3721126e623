import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { ProcessIdentity } from './process-identity.js';

/** Plain JavaScript, for a thread that needs neither our modules nor a loader. */
const THREAD = `
const { closeSync, openSync, writeSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const { path, content, bytes, interval } = workerData;
let beat = 0;
setInterval(() => {
  beat += 1;
  try {
    // Never creates the file: once it is gone, another process has taken over.
    const file = openSync(path, 'r+');
    try {
      writeSync(file, JSON.stringify({ ...content, beat }).padEnd(bytes), 0);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESTALE') {
      parentPort.postMessage('lost');
      process.exit();
    }
  }
}, interval);
`;

interface HeartbeatOptions {
  /** An existing file, rewritten in place with `content` and a growing `beat`, as JSON padded to `bytes`. */
  readonly path: string;
  readonly content: object;
  readonly bytes: number;
  /** Milliseconds. */
  readonly interval: number;
  /** Called once, when the file has gone. */
  readonly onLost: () => void;
}

/** Touches files from a separate thread, because the main thread may compute for minutes without a pause. Returns a function that stops it. */
export function startHeartbeat({ onLost, ...workerData }: HeartbeatOptions): () => Promise<void> {
  const worker = new Worker(THREAD, { eval: true, workerData, execArgv: [], stdin: false });
  worker.unref();
  worker.once('message', onLost);
  // Without signs of life the lock holds as long as this process can be seen to run.
  worker.on('error', () => undefined);
  return async () => {
    worker.off('message', onLost);
    await worker.terminate();
  };
}

/** Bytes of a lock file: fixed, so that it is rewritten in place. */
export const CLAIM_BYTES = 1024;

/** Content of a lock file, as JSON. */
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
