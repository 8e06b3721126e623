import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { makeFolder } from '../../files/write-error.js';
import type { OnnxRuntime, OnnxSession } from '../engines/onnxruntime.js';
import { needTensorFlow } from '../engines/open-backend.js';
import { disposable } from './network.js';
import type { LoadedNetwork, Network, NetworkSession, OpenSession, Values } from './network.js';
import { networkToOnnx, tfjsSession } from './tfjs-session.js';

/** Largest difference to TensorFlow.js, in units of the largest output (at least 1). */
const TOLERANCE = 1e-4;
/** GPUs multiply with fewer digits. */
const GPU_TOLERANCE = 1e-2;
/** Sizes of the inputs on which a network is tried out. */
const SAMPLE = { batch: 2, time: 5 } as const;

/**
 * Runs networks on onnxruntime. They are exported once and kept in the cache; before use, each is run on a fixed input and
 * compared with what TensorFlow.js computes for it.
 */
export function onnxSessions(runtime: OnnxRuntime): OpenSession {
  return async (network) => {
    const { file, expected } = await cachedExport(network.name, await network.identity(), () => exportNetwork(network));
    const session = disposable(network.title, new RuntimeSession(runtime, await create(runtime, network, file)));
    try {
      assertEqual(await session.run(sampleInputs(network)), expected, network, runtime);
    } catch (error) {
      session.dispose();
      throw unusable(runtime, network, error);
    }
    return session;
  };
}

class RuntimeSession implements NetworkSession {
  constructor(
    private readonly runtime: OnnxRuntime,
    private readonly session: OnnxSession,
  ) {}

  async run(inputs: readonly Values[]): Promise<Values[]> {
    const { inputNames, outputNames } = this.session;
    const feeds = Object.fromEntries(
      inputs.map(({ data, shape }, i) => [inputNames[i]!, this.runtime.tensor(data, shape)]),
    );
    const results = await this.session.run(feeds);
    return outputNames.map((name) => ({ data: results[name]!.data as Float32Array, shape: results[name]!.dims }));
  }

  dispose(): void {
    // Nobody waits for it, and the results are there.
    this.session.release().catch(() => undefined);
  }
}

async function exportNetwork(network: Network): Promise<{ file: Uint8Array; expected: Values[] }> {
  await needTensorFlow();
  const loaded: LoadedNetwork = await network.load();
  const session = tfjsSession(loaded);
  try {
    return { file: await networkToOnnx(network, loaded, ''), expected: await session.run(sampleInputs(network)) };
  } finally {
    session.dispose();
  }
}

async function create(runtime: OnnxRuntime, network: Network, file: Uint8Array): Promise<OnnxSession> {
  try {
    return await runtime.createSession(file);
  } catch (error) {
    throw unusable(runtime, network, error);
  }
}

/** Numbers in the network's range that are the same each time and have no pattern. */
function sampleInputs({ inputs, range: [low, high] }: Network): Values[] {
  return inputs.map(({ shape }) => {
    const sizes = shape.map((size) => (typeof size === 'number' ? size : SAMPLE[size]));
    const data = new Float32Array(sizes.reduce((product, size) => product * size, 1));
    let state = 1;
    for (let i = 0; i < data.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      data[i] = low + ((high - low) * state) / 2 ** 32;
    }
    return { data, shape: sizes };
  });
}

function assertEqual(
  actual: readonly Values[],
  expected: readonly Values[],
  network: Network,
  runtime: OnnxRuntime,
): void {
  const tolerance = runtime.backend.name === 'onnxruntime' ? TOLERANCE : GPU_TOLERANCE;
  for (const [i, { data, shape }] of expected.entries()) {
    const other = actual[i];
    const sameShape = other?.shape.join() === shape.join();
    const scale = data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    const worst = sameShape
      ? data.reduce((largest, value, at) => Math.max(largest, Math.abs(value - other.data[at]!)), 0)
      : Infinity;
    if (!(worst <= tolerance * scale))
      throw new Error(`output ${network.outputs[i]!} differs by ${worst.toPrecision(2)} from TensorFlow.js`);
  }
}

function unusable({ backend }: OnnxRuntime, { title }: Network, error: unknown): FerError {
  const why = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  return new FerError('BACKEND_UNAVAILABLE', `${backend.name} cannot run ${title} (${why}); use --backend wasm`, {
    cause: error,
  });
}

/** Raise it when exported graphs change: files of earlier revisions are then not used. */
const REVISION = 1;

/** An exported network, and what TensorFlow.js computes with it for inputs that are always the same. */
interface ExportedNetwork {
  readonly file: Uint8Array;
  readonly expected: readonly Values[];
}

/** Folder of files that can be made again: FERSTREAM_CACHE_DIR, else ferstream's own in the system's place for caches. */
function cacheFolder(): string {
  const { FERSTREAM_CACHE_DIR, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (FERSTREAM_CACHE_DIR) return FERSTREAM_CACHE_DIR;
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, 'ferstream', 'cache');
  if (process.platform === 'darwin') return join(homeFolder(), 'Library', 'Caches', 'ferstream');
  return join(XDG_CACHE_HOME || join(homeFolder(), '.cache'), 'ferstream');
}

/** In a container the user need not have one; then nothing is kept: only root may write to this one. */
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/**
 * The exported network of this content from the cache; made, and kept for the next time, where it is not there.
 * A cache that cannot be written costs time, not the run.
 * @param content hash of everything that determines the network
 */
async function cachedExport(
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
