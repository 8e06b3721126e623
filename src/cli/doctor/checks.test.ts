import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { saveTinyFrameModel } from '../../../test/support/tiny-models.js';
import type { Backend } from '../../model/engines/backend.js';
import { EXPRESSIONS_8 } from '../../model/label-set.js';
import { checkCameras, checkFfmpeg, checkNodeVersion, checkSharp, checkWriteAccess } from './system.js';
import { checkEngine, checkTfjsPackages, describeBackend, checkModels, checkWeights } from './inference.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fer-doctor-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test.each([
  ['20.19.0', 'ok'],
  ['20.20.1', 'ok'],
  ['24.0.0', 'ok'],
  ['20.9.0', 'failed'],
  ['18.20.4', 'failed'],
])('node %s is %s where >=20.19 is wanted', (version, status) => {
  const [result] = checkNodeVersion(version, '>=20.19');
  expect(result).toMatchObject({ status, fix: status === 'ok' ? null : 'nvm install 22' });
});

describe('the engine', () => {
  const skipped = [
    { name: 'tfjs-node-gpu', installed: true, reason: 'sees no GPU', fix: null },
    { name: 'tfjs-node', installed: false, reason: 'is not installed', fix: 'npm install it' },
  ] as const;
  const backend: Backend = { name: 'wasm', device: 'CPU', tfjsVersion: '4.22.0', description: 'wasm on CPU', skipped };

  test('is shown with the skipped ones, which are not failures', () => {
    expect(describeBackend(backend)).toEqual([
      { name: 'engine', status: 'ok', detail: 'wasm on CPU', fix: null },
      { name: 'engine tfjs-node-gpu', status: 'note', detail: 'installed, but does not work: sees no GPU', fix: null },
      { name: 'engine tfjs-node', status: 'note', detail: 'not used: is not installed', fix: 'npm install it' },
    ]);
  });

  test('that was requested and cannot be used is a failure with the command that installs it', async () => {
    vi.stubEnv('FERSTREAM_BACKEND', 'tfjs-node-gpu');
    const [result] = await checkEngine();
    expect(result).toMatchObject({ status: 'failed', detail: expect.stringContaining('tfjs-node-gpu') as string });
    if (result?.detail.includes('not installed') === true)
      expect(result.fix).toBe('npm install @tensorflow/tfjs-node-gpu@4.22.0');
    else
      console.warn(
        `SKIPPED: the install command, because @tensorflow/tfjs-node-gpu is installed here (${result?.detail ?? ''})`,
      );
  });

  test('with an unknown name is a failure', async () => {
    vi.stubEnv('FERSTREAM_BACKEND', 'abacus');
    expect(await checkEngine()).toMatchObject([
      { status: 'failed', detail: expect.stringContaining('abacus') as string, fix: 'unset FERSTREAM_BACKEND' },
    ]);
  });
});

describe('the versions of TensorFlow.js', () => {
  test('are all the same here', () => {
    expect(checkTfjsPackages()).toMatchObject([
      { status: 'ok', detail: expect.stringMatching(/^4\.22\.0: tfjs-core, .*tfjs-backend-wasm/) as string },
    ]);
  });

  test('stop everything when the core is mixed, and not when an optional engine differs', () => {
    const packages = [
      { name: '@tensorflow/tfjs', version: '4.22.0', optional: false },
      { name: '@tensorflow/tfjs-core', version: '4.20.0', optional: false },
      { name: '@tensorflow/tfjs-node', version: '4.21.0', optional: true },
    ];
    expect(checkTfjsPackages(packages, '4.22.0')).toMatchObject([
      { status: 'failed', fix: 'npm install @tensorflow/tfjs-core@4.22.0' },
      { status: 'note', fix: 'npm install @tensorflow/tfjs-node@4.22.0' },
    ]);
  });
});

describe('ffmpeg and ffprobe', () => {
  test('are found, with version and place', async () => {
    const results = await checkFfmpeg();
    expect(results.map(({ name, status }) => [name, status])).toEqual([
      ['ffmpeg', 'ok'],
      ['ffprobe', 'ok'],
    ]);
    for (const { detail } of results)
      expect(detail).toMatch(/^\S+, (named by the environment|on PATH|bundled with ferstream): .*ff(mpeg|probe)/);
  });

  test('are missed when the environment names something else', async () => {
    vi.stubEnv('FFMPEG_PATH', join(folder, 'no-ffmpeg'));
    expect((await checkFfmpeg())[0]).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('no-ffmpeg') as string,
      fix: 'unset FFMPEG_PATH',
    });
  });
});

test('the weights that ship with the npm packages can be read', async () => {
  expect(await checkWeights()).toMatchObject([
    { status: 'ok', detail: expect.stringContaining('@vladmandic/face-api') as string },
    { status: 'ok', detail: expect.stringContaining('@vladmandic/human') as string },
  ]);
});

describe('the trained models that ship with ferstream', () => {
  test('are shown with size and hash', async () => {
    await saveTinyFrameModel(join(folder, 'default'), EXPRESSIONS_8);
    expect(await checkModels(folder)).toMatchObject([
      {
        name: 'model default',
        status: 'ok',
        detail: expect.stringMatching(/^0\.\d\d MB, sha256:[0-9a-f]{64}$/) as string,
        fix: null,
      },
    ]);
  });

  test('stop everything when the one that is taken by default is missing, and only then', async () => {
    expect(await checkModels(folder, 'default')).toMatchObject([
      { status: 'failed', detail: expect.stringContaining('"default"') as string, fix: 'npm install ferstream' },
    ]);
    expect(await checkModels(folder, 'face-api')).toMatchObject([{ status: 'note', fix: null }]);
  });
});

test('sharp works', async () => {
  expect(await checkSharp()).toMatchObject([{ status: 'ok', fix: null }]);
});

describe('cameras', () => {
  test('are listed in numerical order with the names the kernel gives them', async () => {
    const devices = join(folder, 'dev');
    const names = join(folder, 'names');
    await mkdir(devices);
    await mkdir(join(names, 'video2'), { recursive: true });
    for (const file of ['video10', 'video2', 'videotape', 'null']) await writeFile(join(devices, file), '');
    await writeFile(join(names, 'video2', 'name'), 'Integrated Camera\n');
    expect(await checkCameras('linux', { devices, names })).toEqual([
      { name: 'cameras', status: 'ok', detail: `${join(devices, 'video2')} (Integrated Camera)`, fix: null },
      { name: 'cameras', status: 'ok', detail: join(devices, 'video10'), fix: null },
    ]);
  });

  test('none is a note, not a failure', async () => {
    expect(await checkCameras('linux', { devices: folder, names: folder })).toMatchObject([
      { status: 'note', detail: expect.stringContaining('none') as string },
    ]);
  });

  test.each(['darwin', 'win32', 'freebsd'] as const)('are said to be unchecked on %s', async (platform) => {
    expect(await checkCameras(platform)).toMatchObject([
      { status: 'note', detail: expect.stringContaining('not checked') as string },
    ]);
  });
});

test('a folder that can be written to, and one that cannot', async () => {
  expect(await checkWriteAccess(folder)).toMatchObject([{ status: 'ok', fix: null }]);
  expect(await checkWriteAccess(join(folder, 'absent'))).toMatchObject([
    { status: 'failed', detail: expect.stringContaining('absent') as string },
  ]);
});
