import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasOnnxRuntime } from '../../../test/support/onnx-runtime.js';
import { runInChild, sourceUrl } from '../../../test/support/run-in-child.js';
import { findPackage } from '../engines/packages.js';

/** Then it is found wherever a program runs. */
const isPartOfTheTree = findPackage('onnxruntime-node', [import.meta.url]) !== null;

let project: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'ferstream-onnx-'));
});
afterAll(async () => {
  await rm(project, { recursive: true, force: true });
});

/** An onnxruntime-node of our own, which answers every network with zeros, or not at all, and cannot be released. */
async function installFake(folder: string, code: string): Promise<void> {
  const place = join(folder, 'node_modules', 'onnxruntime-node');
  await mkdir(place, { recursive: true });
  await writeFile(
    join(place, 'package.json'),
    JSON.stringify({ name: 'onnxruntime-node', version: '9.9.9', main: 'index.js' }),
  );
  await writeFile(join(place, 'index.js'), code);
}

const ZEROS = `
class Tensor { constructor(type, data, dims) { Object.assign(this, { data, dims }); } }
const run = async () => ({ points: { data: new Float32Array(2 * 136), dims: [2, 136] } });
const session = { inputNames: ['image'], outputNames: ['points'], run, release: () => Promise.reject(new Error('released twice')) };
module.exports = { Tensor, InferenceSession: { create: async () => session } };
`;

interface Report {
  readonly backend?: string;
  readonly points?: readonly number[];
  readonly loadsTensorFlow?: boolean;
  readonly warnings: readonly string[];
  readonly code?: string;
  readonly message?: string;
}

/** Opens the landmark network for inference in a separate process, and runs it. */
async function openLandmarks(backend: string | undefined, env: Record<string, string | undefined>): Promise<Report> {
  const { reported, stdout, stderr } = await runInChild(
    `import { loadForInference } from ${JSON.stringify(sourceUrl('src/model/sessions/inference-engine.ts'))};
     import { landmarkNetwork } from ${JSON.stringify(sourceUrl('src/ingest/face/align/landmark-net.ts'))};
     const warnings = [];
     const options = { backend: ${JSON.stringify(backend)}, warn: (line) => warnings.push(line) };
     try {
       const { backend, loaded } = await loadForInference(options, (open) => open(landmarkNetwork('tiny')));
       const data = Float32Array.from({ length: 112 * 112 * 3 }, (_, i) => Math.sin(i * 12.9898) / 2);
       const [points] = await loaded.run([{ data, shape: [1, 112, 112, 3] }]);
       loaded.dispose();
       report({ backend: backend.name, points: [...points.data], warnings, loadsTensorFlow: '_tfengine' in globalThis });
     } catch ({ code, message }) {
       report({ code, message, warnings });
     }`,
    { cwd: project, env: { FERSTREAM_BACKEND: undefined, FERSTREAM_CACHE_DIR: join(project, 'cache'), ...env } },
  );
  if (reported === undefined) throw new Error(stdout + stderr);
  return reported as Report;
}

describe('onnxruntime that is not there, or computes something else', () => {
  it.skipIf(isPartOfTheTree)(
    'is refused by name with the command that installs it, and passed over by auto',
    async () => {
      const env = { FERSTREAM_NATIVE_DIR: undefined };
      expect(await openLandmarks('onnxruntime', env)).toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        message: expect.stringMatching(
          /onnxruntime-node is not installed; run: npm install onnxruntime-node/,
        ) as string,
      });
      expect(await openLandmarks('auto', env)).toMatchObject({ backend: 'wasm', warnings: [] });
    },
  );

  it('is refused by name, and skipped by auto with a line that says why', async () => {
    const folder = join(project, 'zeros');
    await installFake(folder, ZEROS);
    const env = { FERSTREAM_NATIVE_DIR: folder };
    expect(await openLandmarks('onnxruntime', env)).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringMatching(/cannot run 68 landmarks, tiny \(output points differs/) as string,
    });
    expect(await openLandmarks(undefined, env)).toMatchObject({
      backend: 'wasm',
      warnings: [expect.stringMatching(/skipping onnxruntime: .*differs/)],
    });
  });

  it('is refused when it cannot be loaded, or was built without the device', async () => {
    const broken = join(project, 'broken');
    await installFake(broken, `throw new Error('libonnxruntime.so.1: cannot open shared object file')`);
    expect(await openLandmarks('onnxruntime', { FERSTREAM_NATIVE_DIR: broken })).toMatchObject({
      message: expect.stringMatching(/cannot be loaded \(libonnxruntime/) as string,
    });
    await installFake(join(project, 'cpu'), ZEROS);
    expect(await openLandmarks('onnxruntime-cuda', { FERSTREAM_NATIVE_DIR: join(project, 'cpu') })).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringMatching(/for .* has cpu; use --backend onnxruntime/) as string,
    });
  });
});

describe.skipIf(!hasOnnxRuntime('networks are not run on onnxruntime'))('the real onnxruntime', () => {
  it('is what auto takes, gives the same as wasm, and keeps the exported network', async () => {
    const fresh = { FERSTREAM_CACHE_DIR: join(project, 'fresh') };
    expect(await openLandmarks('auto', fresh)).toMatchObject({ backend: 'onnxruntime', loadsTensorFlow: true });
    const own = await openLandmarks('auto', fresh);
    expect(own).toMatchObject({ backend: 'onnxruntime', warnings: [], loadsTensorFlow: false });
    const reference = await openLandmarks('wasm', {});
    const worst = own.points!.reduce((most, x, i) => Math.max(most, Math.abs(x - reference.points![i]!)), 0);
    expect(own.points).toHaveLength(136);
    expect(worst).toBeLessThan(1e-4);
    const kept = await readdir(join(project, 'fresh', 'onnx'));
    expect(kept.sort()).toEqual([
      expect.stringMatching(/^landmarks-[0-9a-f]{32}\.onnx$/),
      expect.stringMatching(/^landmarks-[0-9a-f]{32}\.onnx\.json$/),
    ]);

    // A damaged file is made again; a cache that cannot be written costs nothing but time.
    await writeFile(join(project, 'fresh', 'onnx', kept[0]!), 'not an ONNX file');
    expect(await openLandmarks('onnxruntime', fresh)).toEqual({ ...own, loadsTensorFlow: true });
    expect(await openLandmarks('onnxruntime', { FERSTREAM_CACHE_DIR: '/dev/null/cache' })).toEqual({
      ...own,
      loadsTensorFlow: true,
    });
  });
});
