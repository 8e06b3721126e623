import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test as base } from 'vitest';
import { fakeEngineCode, writeFakePackage } from '../../../test/support/fake-engine-package.js';
import { packageUrl, runInChild, sourceUrl } from '../../../test/support/run-in-child.js';
import type { ChildOutcome } from '../../../test/support/run-in-child.js';
import type { Backend, BackendName } from './backend.js';
import { openBackend } from './open-backend.js';

const VERSION = '4.22.0';
const GPU = '@tensorflow/tfjs-node-gpu';
const CPU = '@tensorflow/tfjs-node';

/** Each test has a project folder of its own, in which it installs fake packages. */
const test = base.extend<{ project: string }>({
  // eslint-disable-next-line no-empty-pattern -- Vitest reads the fixtures a fixture needs from this pattern
  project: async ({}, use) => {
    const project = await mkdtemp(join(tmpdir(), 'fer-engines-'));
    await writeFile(join(project, 'package.json'), '{"name":"somebodys-project"}');
    await use(project);
    await rm(project, { recursive: true });
  },
});

/** What a child saw of one `openBackend` call. */
type Attempt =
  { backend: Backend; tfjs: string; warnings: string[] } | { code: string; message: string; warnings: string[] };

interface Seen {
  readonly attempts: Attempt[];
  /** Files of tfjs-core that the process has loaded. */
  readonly cores: string[];
  readonly utilUntouched: boolean;
}

/** One call of `openBackend`, and the variables that are set from then on. */
type Step = string | { readonly backend?: string; readonly env: Readonly<Record<string, string>> };

/** Opens engines, one after the other, in one process whose project is `project`. */
async function openInChild(project: string, steps: readonly Step[]): Promise<Seen & { outcome: ChildOutcome }> {
  const outcome = await runInChild(
    `import Module, { createRequire } from 'node:module';
     const tf = createRequire(import.meta.url)(${JSON.stringify(fileURLToPath(packageUrl('@tensorflow/tfjs-core')))});
     import util from 'node:util';
     import { openBackend } from ${JSON.stringify(sourceUrl('src/model/engines/open-backend.ts'))};
     for (const helper of ['isNullOrUndefined', 'isArray']) delete util[helper]; // as on Node 24
     const attempts = [];
     for (const { backend, env } of ${JSON.stringify(steps.map((step) => (typeof step === 'string' ? { backend: step, env: {} } : step)))}) {
       const warnings = [];
       Object.assign(process.env, env);
       try {
         const opened = await openBackend({ backend, warn: (line) => warnings.push(line) });
         attempts.push({ backend: opened, tfjs: tf.getBackend(), warnings });
       } catch (error) {
         attempts.push({ code: error.code, message: error.message, warnings });
       }
     }
     const cores = Object.keys(Module._cache).filter((file) => /tfjs-core.dist.tf-core/.test(file));
     report({ attempts, cores, utilUntouched: util.isNullOrUndefined === undefined });`,
    // An empty NODE_PATH and folder of built engines: what this machine has must not show.
    { cwd: project, env: { FERSTREAM_BACKEND: undefined, FERSTREAM_NATIVE_DIR: undefined, NODE_PATH: undefined } },
  );
  if (outcome.reported === undefined)
    throw new Error(`the child reported nothing:\n${outcome.stdout}${outcome.stderr}`);
  return { ...(outcome.reported as Seen), outcome };
}

async function openOne(project: string, name: string): Promise<Attempt> {
  return (await openInChild(project, [name])).attempts[0]!;
}

describe.concurrent('asking for an engine by name', () => {
  test('gives wasm, which comes with ferstream, without a word on the console', async ({ project }) => {
    const { attempts, outcome } = await openInChild(project, ['wasm', 'wasm', 'auto']);
    expect(attempts[0]).toMatchObject({
      tfjs: 'wasm',
      backend: { name: 'wasm', tfjsVersion: VERSION, device: 'CPU, SIMD, 1 thread', skipped: [] },
    });
    expect(attempts[1]).toEqual(attempts[0]);
    expect(attempts[2]).toEqual(attempts[0]); // auto keeps what is open
    expect(outcome.stderr).toBe('');
  });

  test('leaves errors that nobody caught to the program', async ({ project }) => {
    const { reported, exitCode } = await runInChild(
      `import { openBackend } from ${JSON.stringify(sourceUrl('src/model/engines/open-backend.ts'))};
       const seen = [];
       const own = (error) => {
         if (seen.push(error.message) === 2) report({ seen, listeners: process.listenerCount('unhandledRejection') });
       };
       await openBackend({ backend: 'wasm' });
       for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, own);
       void Promise.reject(new Error('rejected'));
       setImmediate(() => { throw new Error('thrown'); });`,
      { cwd: project },
    );
    expect(reported).toEqual({ seen: ['rejected', 'thrown'], listeners: 1 });
    expect(exitCode).toBe(0);
  });

  test('refuses one that is not installed and says how to install it', async ({ project }) => {
    const { attempts } = await openInChild(project, ['tfjs-node-gpu', 'tfjs-node', 'webgpu']);
    expect(attempts).toMatchObject([
      { code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining(`npm install ${GPU}@${VERSION}`) as string },
      { code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining(`npm install ${CPU}@${VERSION}`) as string },
      {
        code: 'BACKEND_UNAVAILABLE',
        message: expect.stringContaining(`npm install webgpu @tensorflow/tfjs-backend-webgpu@${VERSION}`) as string,
      },
    ]);
  });

  test('refuses an unknown name', async () => {
    await expect(openBackend({ backend: 'cuda' as BackendName })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('"cuda"') as string,
    });
  });

  test('takes the default from FERSTREAM_BACKEND, and an option before it', async ({ project }) => {
    const { attempts } = await openInChild(project, [
      { env: { FERSTREAM_BACKEND: 'cpu' } },
      { env: { FERSTREAM_BACKEND: 'tfjs-node' } },
      'wasm',
    ]);
    expect(attempts).toMatchObject([
      { code: 'CONFIG_INVALID', message: expect.stringMatching(/FERSTREAM_BACKEND.*"cpu"/) as string },
      { code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining(CPU) as string },
      { backend: { name: 'wasm' } },
    ]);
  });

  test('reports a package that is there but is broken, empty or of another version, and computes on as before', async ({
    project,
  }) => {
    const installed = async (folder: string, version: string, code: string): Promise<Step> => {
      await writeFakePackage(join(project, folder), CPU, version, code);
      return { backend: 'tfjs-node', env: { FERSTREAM_NATIVE_DIR: join(project, folder) } };
    };
    const { attempts } = await openInChild(project, [
      'wasm',
      await installed(
        'broken',
        VERSION,
        `throw new Error('libtensorflow.so.2: cannot open shared object file\\nmore')`,
      ),
      await installed('empty', VERSION, 'module.exports = {};'),
      await installed('old', '4.21.0', fakeEngineCode()),
      'auto',
    ]);
    expect(attempts.slice(1)).toMatchObject([
      {
        code: 'BACKEND_UNAVAILABLE',
        message: expect.stringMatching(/cannot be loaded \(libtensorflow.*file\).*npm install/) as string,
      },
      { code: 'BACKEND_MISMATCH', message: expect.stringContaining('registered no engine') as string },
      {
        code: 'BACKEND_UNAVAILABLE',
        message: `TensorFlow.js packages must all be ${VERSION}, but ${CPU} is 4.21.0; run: npm install ${CPU}@${VERSION}`,
      },
      { tfjs: 'wasm', backend: { name: 'wasm' } },
    ]);
  });

  test('reports a GPU package that silently fell back to the CPU', async ({ project }) => {
    await writeFakePackage(project, GPU, VERSION, fakeEngineCode({ gpu: false }));
    expect(await openOne(project, 'tfjs-node-gpu')).toMatchObject({
      code: 'BACKEND_MISMATCH',
      message: expect.stringContaining('no GPU') as string,
    });
  });

  test.for<[string, string, string, string]>([
    [
      'leaves the computing to another',
      fakeEngineCode({ elsewhere: true }),
      'BACKEND_MISMATCH',
      'another engine computed',
    ],
    ['gives wrong results', fakeEngineCode({ wrong: true }), 'BACKEND_UNAVAILABLE', 'gives wrong results'],
  ])('reports a package that %s', async ([, code, expected, message], { project }) => {
    await writeFakePackage(project, CPU, VERSION, code);
    expect(await openOne(project, 'tfjs-node')).toMatchObject({
      code: expected,
      message: expect.stringContaining(message) as string,
    });
  });

  test('finds a native build in the folder FERSTREAM_NATIVE_DIR names', async ({ project }) => {
    const built = join(project, 'built elsewhere');
    await mkdir(built);
    await writeFakePackage(built, CPU, VERSION, fakeEngineCode());
    const { attempts } = await openInChild(project, [
      'tfjs-node',
      { backend: 'tfjs-node', env: { FERSTREAM_NATIVE_DIR: built } },
    ]);
    expect(attempts).toMatchObject([
      { code: 'BACKEND_UNAVAILABLE' },
      { tfjs: 'tensorflow', backend: { name: 'tfjs-node', device: 'CPU' } },
    ]);
  });

  test('switches between engines, except between the two native ones', async ({ project }) => {
    await writeFakePackage(project, CPU, VERSION, fakeEngineCode());
    await writeFakePackage(project, GPU, VERSION, fakeEngineCode({ gpu: true }));
    const { attempts } = await openInChild(project, ['tfjs-node', 'wasm', 'tfjs-node-gpu', 'tfjs-node']);
    expect(attempts).toMatchObject([
      { tfjs: 'tensorflow', backend: { name: 'tfjs-node' } },
      { tfjs: 'wasm', backend: { name: 'wasm' } },
      { code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining('new process') as string },
      { tfjs: 'tensorflow', backend: { name: 'tfjs-node' } },
    ]);
  });
});

describe.concurrent('auto', () => {
  test('takes the GPU package first', async ({ project }) => {
    await writeFakePackage(project, GPU, VERSION, fakeEngineCode({ gpu: true }));
    await writeFakePackage(project, CPU, VERSION, `throw new Error('must not be loaded')`);
    expect(await openOne(project, 'auto')).toMatchObject({
      warnings: [],
      backend: { name: 'tfjs-node-gpu', device: expect.stringContaining('GPU') as string, skipped: [] },
    });
  });

  test('then the CPU package, keeping the reason for each skipped one', async ({ project }) => {
    await writeFakePackage(project, CPU, VERSION, fakeEngineCode());
    expect(await openOne(project, 'auto')).toMatchObject({
      warnings: [], // not installed is no news
      backend: {
        name: 'tfjs-node',
        description: `tfjs-node on CPU (TensorFlow.js ${VERSION}, libtensorflow fake)`,
        skipped: [
          {
            name: 'tfjs-node-gpu',
            installed: false,
            reason: `${GPU} is not installed`,
            fix: `npm install ${GPU}@${VERSION}`,
          },
        ],
      },
    });
  });

  test('then wasm, never plain cpu', async ({ project }) => {
    const attempt = await openOne(project, 'auto');
    expect(attempt).toMatchObject({ warnings: [], tfjs: 'wasm', backend: { name: 'wasm' } });
    expect('backend' in attempt && attempt.backend.skipped.map(({ name, installed }) => [name, installed])).toEqual([
      ['tfjs-node-gpu', false],
      ['tfjs-node', false],
      ['webgpu', false],
    ]);
  });

  test('skips installed engines that do not work, and says so', async ({ project }) => {
    await writeFakePackage(project, GPU, VERSION, `throw new Error('libcudart.so.11.0: cannot open')`);
    await writeFakePackage(project, CPU, '4.20.0', fakeEngineCode());
    const attempt = await openOne(project, 'auto');
    expect(attempt).toMatchObject({ tfjs: 'wasm', backend: { name: 'wasm' } });
    expect(attempt.warnings).toEqual([
      expect.stringMatching(/skipping tfjs-node-gpu: .*libcudart/),
      expect.stringMatching(/skipping tfjs-node: .*tfjs-node is 4\.20\.0/),
    ]);
  });

  test('uses a GPU package without a GPU for what it is: a CPU engine', async ({ project }) => {
    await writeFakePackage(project, GPU, VERSION, fakeEngineCode({ gpu: false }));
    await writeFakePackage(project, CPU, VERSION, `throw new Error('a second libtensorflow in one process')`);
    const attempt = await openOne(project, 'auto');
    expect(attempt).toMatchObject({
      warnings: [expect.stringMatching(/skipping tfjs-node-gpu: .*sees no GPU/) as string],
      backend: { name: 'tfjs-node', device: 'CPU', description: expect.stringContaining(GPU) as string },
    });
  });

  test('passes over a graphics card that is only imitated by software', async ({ project }) => {
    const gpu = `{ requestAdapter: async () => ({ info: { vendor: 'mesa', architecture: '', device: '', description: 'llvmpipe (LLVM 15)' } }) }`;
    await writeFakePackage(
      project,
      'webgpu',
      '0.6.0',
      `export const globals = {}; export const create = () => (${gpu});`,
      { type: 'module' },
    );
    await writeFakePackage(
      project,
      '@tensorflow/tfjs-backend-webgpu',
      VERSION,
      `throw new Error('must not be loaded')`,
    );
    expect(await openOne(project, 'auto')).toMatchObject({
      backend: {
        name: 'wasm',
        skipped: [
          {},
          {},
          { name: 'webgpu', installed: true, reason: expect.stringMatching(/software renderer.*llvmpipe/) as string },
        ],
      },
    });
  });
});

describe('a native package', () => {
  test('gets the one TensorFlow.js of the process, and the util helpers Node has removed', async ({ project }) => {
    const folder = await writeFakePackage(project, CPU, VERSION, fakeEngineCode());
    const second = `throw new Error('a second copy of TensorFlow.js was loaded')`;
    for (const name of ['@tensorflow/tfjs', '@tensorflow/tfjs-core'])
      await writeFakePackage(folder, name, VERSION, second);
    const { attempts, cores, utilUntouched } = await openInChild(project, ['tfjs-node']);
    expect(attempts[0]).toMatchObject({ backend: { name: 'tfjs-node' } });
    expect(cores).toHaveLength(1);
    expect(utilUntouched).toBe(true);
  });
});
