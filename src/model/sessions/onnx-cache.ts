import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { makeFolder } from '../../files/write-error.js';
import type { Values } from './network.js';

/** Raise it when exported graphs change: files of earlier revisions are then not used. */
const REVISION = 1;

/** An exported network, and what TensorFlow.js computes with it for inputs that are always the same. */
export interface ExportedNetwork {
  readonly file: Uint8Array;
  readonly expected: readonly Values[];
}

/** Folder of files that can be made again: FERSTREAM_CACHE_DIR, else ferstream's own in the system's place for caches. */
export function cacheFolder(): string {
  const { FERSTREAM_CACHE_DIR, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (FERSTREAM_CACHE_DIR) return FERSTREAM_CACHE_DIR;
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, 'ferstream', 'cache');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'ferstream');
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'ferstream');
}

/**
 * The exported network of this content from the cache; made, and kept for the next time, where it is not there.
 * A cache that cannot be written costs time, not the run.
 * @param content hash of everything that determines the network
 */
export async function cachedExport(
  name: string,
  content: string,
  make: () => Promise<ExportedNetwork>,
): Promise<ExportedNetwork> {
  const key = createHash('sha256')
    .update(JSON.stringify([REVISION, name, content]))
    .digest('hex')
    .slice(0, 32);
  const folder = join(cacheFolder(), 'onnx');
  const path = join(folder, `${name}-${key}.onnx`);
  const known = await read(path);
  if (known !== null) return known;
  const made = await make();
  try {
    await makeFolder(folder);
    await writeFileAtomic(path, made.file);
    // The expected values come last: a file without them is made again.
    await writeFileAtomic(`${path}.json`, encode(made));
  } catch {
    // A read-only or full disk: the next start exports again.
  }
  return made;
}

async function read(path: string): Promise<ExportedNetwork | null> {
  try {
    const [file, text] = await Promise.all([readFile(path), readFile(`${path}.json`, 'utf8')]);
    const { sha256, expected } = JSON.parse(text) as Encoded;
    if (sha256 !== digest(file)) return null;
    return { file, expected: expected.map(({ shape, data }) => ({ shape, data: floats(data) })) };
  } catch {
    return null;
  }
}

interface Encoded {
  /** Content hash of the ONNX file. */
  readonly sha256: string;
  /** Numbers as base64 of little-endian float32. */
  readonly expected: readonly { readonly shape: readonly number[]; readonly data: string }[];
}

function encode({ file, expected }: ExportedNetwork): string {
  const outputs = expected.map(({ shape, data }) => ({
    shape,
    data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
  }));
  return JSON.stringify({ sha256: digest(file), expected: outputs } satisfies Encoded);
}

function floats(base64: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return new Float32Array(bytes.buffer);
}

function digest(file: Uint8Array): string {
  return createHash('sha256').update(file).digest('hex');
}
