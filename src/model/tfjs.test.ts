import { expect, test } from 'vitest';
import { packageUrl, runInChild, sourceUrl } from '../../test/support/run-in-child.js';
import { tf } from './tfjs.js';

/** Names of the files that Node has loaded, of packages that take long. */
const LOADED = `
  import module from 'node:module';
  const loaded = () => Object.keys(module._cache).filter((path) => /node_modules.(@tensorflow|sharp|rxjs|ws|prom-client)/.test(path));
`;

test('importing ferstream loads neither TensorFlow.js nor sharp', async () => {
  const { reported, stderr } = await runInChild(
    `${LOADED}
     const library = await import(${JSON.stringify(sourceUrl('src/index.ts'))});
     report({ names: Object.keys(library).length, loaded: loaded() });`,
    { cwd: process.cwd() },
  );
  expect(reported, stderr).toEqual({ names: expect.any(Number) as number, loaded: [] });
  expect((reported as { names: number }).names).toBeGreaterThan(20);
});

test('a process has one TensorFlow.js, without the union package, and trains and predicts with it', async () => {
  const { reported, stderr } = await runInChild(
    `${LOADED}
     import { openBackend } from ${JSON.stringify(sourceUrl('src/model/engines/open-backend.ts'))};
     import { tf } from ${JSON.stringify(sourceUrl('src/model/tfjs.ts'))};
     await openBackend({ backend: 'wasm' });
     const model = tf.sequential({ layers: [
       tf.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 1] }),
       tf.layers.globalAveragePooling2d({}),
       tf.layers.dense({ units: 2 }),
     ] });
     const images = tf.randomUniform([16, 8, 8, 1], 0, 1, 'float32', 1); // [16, 8, 8, 1]
     const labels = tf.oneHot(tf.range(0, 16).cast('int32').mod(tf.scalar(2, 'int32')), 2); // [16, 2]
     const optimizer = tf.train.adam(0.05);
     const loss = () => tf.losses.softmaxCrossEntropy(labels, model.apply(images, { training: true }));
     const losses = [];
     for (let step = 0; step < 30; step++) losses.push(optimizer.minimize(loss, true).dataSync()[0]);
     const { engine } = await import(${JSON.stringify(packageUrl('@tensorflow/tfjs-core'))});
     report({
       learned: losses.at(-1) < losses[0],
       shape: model.predict(images).shape,
       sameEngine: engine() === tf.engine() && engine().backendName === 'wasm',
       cores: loaded().filter((path) => path.includes('tfjs-core')).length,
       union: loaded().filter((path) => /tfjs.dist/.test(path)).length,
     });`,
    { cwd: process.cwd() },
  );
  expect(reported, stderr).toEqual({ learned: true, shape: [16, 2], sameEngine: true, cores: 1, union: 0 });
});

test('tensors have their operations as methods', () => {
  tf.tidy(() => {
    const x = tf.tensor2d([1, -2, 3, 4], [2, 2]); // [2, 2]
    const values = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];
    expect(values(x.add(x).mul(2).sum(1))).toEqual([-4, 28]);
    expect(values(x.relu().transpose())).toEqual([1, 3, 0, 4]);
    expect(values(x.flatten().reshapeAs(x).concat(x, 1))).toEqual([1, -2, 1, -2, 3, 4, 3, 4]);
    expect(x.as4D(1, 2, 2, 1).shape).toEqual([1, 2, 2, 1]);
    expect(values(x.stack([x, x]).max([0, 1]))).toEqual([3, 4]);
    expect(values(x.where(x.greater(0), tf.zerosLike(x)).toInt())).toEqual([1, 0, 3, 4]);
    expect(values(x.as3D(2, 2, 1).resizeBilinear([1, 1]))).toEqual([1]);
  });
});

test('without an engine, whatever needs one says to open it', async () => {
  const { reported, stderr } = await runInChild(
    `import * as ferstream from ${JSON.stringify(sourceUrl('src/index.ts'))};
     import { resolveConfig, train } from ${JSON.stringify(sourceUrl('src/train/index.ts'))};
     import { loadCheckpoint } from ${JSON.stringify(sourceUrl('src/train/tensors.ts'))};
     const said = [];
     for (const attempt of [
       () => ferstream.openModel('default'),
       () => ferstream.openModel('face-api'),
       () => ferstream.loadFaceNets(),
       () => loadCheckpoint('models/default'),
       () => train(resolveConfig('ce', { data: 'folders:nowhere' }), 'never-made'),
     ]) said.push(await attempt().then(() => 'no error', ({ code, message }) => code + ' ' + message));
     report(said);`,
    { cwd: process.cwd() },
  );
  expect(reported, stderr).toEqual(
    Array<string>(5).fill('BACKEND_UNAVAILABLE no engine is open: await openBackend() first'),
  );
});
