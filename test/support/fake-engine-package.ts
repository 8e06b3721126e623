import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes `node_modules/<name>` into `project`: a package of the given version whose entry holds `code`. */
export async function writeFakePackage(
  project: string,
  name: string,
  version: string,
  code: string,
  manifest: object = {},
): Promise<string> {
  const folder = join(project, 'node_modules', ...name.split('/'));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, version, main: 'index.js', ...manifest }));
  await writeFile(join(folder, 'index.js'), code);
  return folder;
}

/** How a fake native engine behaves. */
export interface FakeEngine {
  /** What it says of its device. */
  readonly gpu?: boolean;
  /** Its product is off. */
  readonly wrong?: boolean;
  /** Its kernel leaves the result in JavaScript, as if something else had computed it. */
  readonly elsewhere?: boolean;
}

/**
 * Code of a package that registers itself with TensorFlow.js as tfjs-node does, and multiplies matrices in plain JavaScript.
 * Like tfjs-node 4.22 it calls a helper of `util` that newer versions of Node no longer have.
 */
export function fakeEngineCode({ gpu = false, wrong = false, elsewhere = false }: FakeEngine = {}): string {
  return `
const tf = require('@tensorflow/tfjs');
const core = require('@tensorflow/tfjs-core');
const util = require('util');
class FakeBackend extends core.KernelBackend {
  constructor() {
    super();
    this.isUsingGpuDevice = ${gpu};
    this.binding = { TF_Version: 'fake' };
    this.tensorMap = new tf.DataStorage(this, tf.engine());
  }
  write(values) { const id = {}; this.tensorMap.set(id, { values, id: -1, refs: 1 }); return id; }
  move(id, values) { this.tensorMap.set(id, { values, id: -1, refs: 1 }); }
  async read(id) { return this.tensorMap.get(id).values; }
  readSync(id) { return this.tensorMap.get(id).values; }
  refCount(id) { return this.tensorMap.has(id) ? this.tensorMap.get(id).refs : 0; }
  incRef(id) { this.tensorMap.get(id).refs++; }
  disposeData(id) { return this.tensorMap.delete(id); }
  numDataIds() { return this.tensorMap.numDataIds(); }
  floatPrecision() { return 32; }
  epsilon() { return 1e-7; }
}
tf.registerKernel({
  kernelName: 'BatchMatMul',
  backendName: 'tensorflow',
  kernelFunc({ inputs: { a, b }, backend }) {
    if (util.isNullOrUndefined(a)) throw new Error('no input');
    const [n, k] = a.shape.slice(-2);
    const left = backend.tensorMap.get(a.dataId).values, right = backend.tensorMap.get(b.dataId).values;
    const product = new Float32Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
      let sum = ${wrong ? 1 : 0};
      for (let c = 0; c < k; c++) sum += left[i * k + c] * right[j * k + c];
      product[i * n + j] = sum;
    }
    const dataId = {};
    backend.tensorMap.set(dataId, { values: product, id: ${elsewhere ? -1 : 1}, refs: 1 });
    return { dataId, shape: a.shape, dtype: 'float32' };
  },
});
tf.registerBackend('tensorflow', () => new FakeBackend(), 3);
tf.setBackend('tensorflow');
`;
}
