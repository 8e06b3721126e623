import { delimiter } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageUrl, runInChild, sourceUrl } from '../../../test/support/run-in-child.js';
import type { BackendName } from './backend.js';
import { findPackage } from './packages.js';

// The real native and WebGPU engines against plain JavaScript ('cpu'), where they are installed.
// FERSTREAM_TEST_NODES may name further node binaries (separated like PATH) to run the native engine under.

interface Numbers {
  readonly description: string;
  readonly activations: number[];
  readonly gradient: number[];
  readonly shortcutGradient: number[];
  readonly leaked: number;
  readonly refused?: { readonly code: string; readonly message: string };
}

/** A convolution, its gradient and a top-k (whose kernel needs the helpers Node removed), on fixed numbers. */
async function compute(
  backend: BackendName | 'cpu',
  node = process.execPath,
): Promise<{ numbers: Numbers; stderr: string }> {
  const { reported, stderr, stdout } = await runInChild(
    `import * as tf from ${JSON.stringify(packageUrl('@tensorflow/tfjs'))};
     import { openBackend } from ${JSON.stringify(sourceUrl('src/model/engines/open-backend.ts'))};
     const wave = (shape, step) => tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(i * step)), shape);
     let description = 'cpu';
     let refused;
     try {
       if (${JSON.stringify(backend)} === 'cpu') await tf.setBackend('cpu');
       else description = (await openBackend({ backend: ${JSON.stringify(backend)} })).description;
     } catch (error) {
       refused = { code: error.code, message: error.message };
     }
     if (refused) report({ refused });
     else {
       const before = tf.memory().numTensors;
       const x = wave([4, 24, 24, 3], 1), w = wave([3, 3, 3, 16], 0.37);
       const forward = (filter) => tf.relu(tf.conv2d(x, filter, 2, 'same')); // [4, 12, 12, 16]
       const y = tf.tidy(() => tf.topk(forward(w).mean([1, 2]), 16).values); // [4, 16]
       const g = tf.tidy(() => tf.grad((filter) => forward(filter).square().mean())(w)); // [3, 3, 3, 16]
       // A shortcut's convolution: oneDNN kernels get its gradient wrong.
       const shortcut = wave([3, 8, 8, 3], 0.7), s = wave([1, 1, 3, 6], 0.2);
       const h = tf.tidy(() => tf.grad((filter) => tf.conv2d(shortcut, filter, 2, 'same').square().mean())(s)); // [1, 1, 3, 6]
       const activations = [...await y.data()], gradient = [...await g.data()], shortcutGradient = [...await h.data()];
       tf.dispose([x, w, y, g, shortcut, s, h]);
       report({ description, activations, gradient, shortcutGradient, leaked: tf.memory().numTensors - before });
     }`,
    { cwd: process.cwd(), node },
  );
  if (reported === undefined) throw new Error(`${backend} under ${node} reported nothing:\n${stdout}${stderr}`);
  return { numbers: reported as Numbers, stderr };
}

/** |a - b| / |b| */
function relativeError(a: readonly number[], b: readonly number[]): number {
  const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return norm(a.map((value, i) => value - (b[i] ?? NaN))) / norm(b);
}

async function expectSameNumbers(numbers: Numbers): Promise<void> {
  const { numbers: reference } = await compute('cpu');
  expect(numbers.activations).toHaveLength(64);
  expect(numbers.gradient).toHaveLength(432);
  expect(relativeError(numbers.activations, reference.activations)).toBeLessThan(1e-5);
  expect(relativeError(numbers.gradient, reference.gradient)).toBeLessThan(1e-5);
  expect(numbers.shortcutGradient).toHaveLength(18);
  expect(relativeError(numbers.shortcutGradient, reference.shortcutGradient)).toBeLessThan(1e-5);
  expect(numbers.leaked).toBe(0);
}

function skipAloud(what: string, how: string): void {
  console.warn(`SKIPPED: ${what}; ${how} (docs/engines.md)`);
}

const native = findPackage('@tensorflow/tfjs-node');
if (!native)
  skipAloud(
    'the real tfjs-node is not tested: @tensorflow/tfjs-node is not installed',
    'install it, or name a folder with a build of it in FERSTREAM_NATIVE_DIR',
  );

describe.skipIf(!native)('the real tfjs-node', () => {
  test('computes what plain JavaScript computes', async () => {
    const { numbers } = await compute('tfjs-node');
    expect(numbers.description).toMatch(/^tfjs-node on .*libtensorflow/);
    await expectSameNumbers(numbers);
  });

  const nodes = (process.env['FERSTREAM_TEST_NODES'] ?? '').split(delimiter).filter((node) => node !== '');
  if (nodes.length === 0)
    skipAloud('tfjs-node under other versions of Node is not tested', 'name their binaries in FERSTREAM_TEST_NODES');

  test.each(nodes)('does so under %s, without a deprecation warning', async (node) => {
    const { numbers, stderr } = await compute('tfjs-node', node);
    await expectSameNumbers(numbers);
    expect(stderr).not.toMatch(/Deprecat/i);
  });
});

const dawn = findPackage('webgpu') && findPackage('@tensorflow/tfjs-backend-webgpu');
if (!dawn)
  skipAloud(
    'the real WebGPU engine is not tested: its packages are not installed',
    'npm install --no-save webgpu @tensorflow/tfjs-backend-webgpu@4.22.0',
  );

describe.skipIf(!dawn)('the real webgpu', () => {
  test('computes what plain JavaScript computes', async ({ skip }) => {
    const { numbers } = await compute('webgpu');
    if (numbers.refused?.message.includes('no graphics adapter') === true) {
      skipAloud(
        'the real WebGPU engine is not tested: no graphics adapter on this machine',
        'a software one will do: set VK_ICD_FILENAMES',
      );
      skip();
    }
    expect(numbers.refused).toBeUndefined();
    expect(numbers.description).toMatch(/^webgpu on GPU/);
    await expectSameNumbers(numbers);
  });
});
