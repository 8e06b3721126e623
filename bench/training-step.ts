/**
 * How fast a training step of the compact residual net is: forward, gradients and Adam, batch 64, 48x48x1.
 *
 *   npm run bench:training [-- --rounds 5 --write]
 *
 * Compared on wasm: ferstream's step, as `fer train` takes it; its kernels with tf.layers.batchNormalization and tf.train.adam; and the engine's
 * own kernels with those (a filter gradient of convolutions it has none of, so that one stays ours). And the native engine where it is
 * installed (or FERSTREAM_NATIVE_DIR names its folder). Every case gets a separate process; rounds alternate, so that a busy machine
 * slows all alike: only the ratios travel to another machine. --write puts the table into bench/training-step.md.
 * With PyTorch, where FERSTREAM_PYTHON (default: python3) has it.
 */
import { execFileSync, fork, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tf } from '../src/model/tfjs.js';
import { openBackend } from '../src/model/engines/open-backend.js';
import { findPackage } from '../src/model/engines/packages.js';
import { BATCH, CLASSES, SIZE, microBatchesOf, openStep } from './ferstream-step.js';
import { markdownTable, median } from './table.js';

interface Case {
  readonly name: string;
  readonly backend: 'wasm' | 'tfjs-node';
  readonly stockKernels: boolean;
  readonly stockNorm: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

const CASES: readonly Case[] = [
  { name: 'wasm', backend: 'wasm', stockKernels: false, stockNorm: false },
  { name: 'wasm, stock batch normalisation', backend: 'wasm', stockKernels: false, stockNorm: true },
  { name: 'wasm, stock kernels and batch normalisation', backend: 'wasm', stockKernels: true, stockNorm: true },
  { name: 'tfjs-node', backend: 'tfjs-node', stockKernels: false, stockNorm: false },
  {
    name: 'tfjs-node, without oneDNN',
    backend: 'tfjs-node',
    stockKernels: false,
    stockNorm: false,
    environment: { TF_ENABLE_ONEDNN_OPTS: '0' },
  },
];
const PYTHON = process.env['FERSTREAM_PYTHON'] ?? 'python3';

interface Measurement {
  readonly imagesPerSecond: number;
  readonly imagesPerCpuSecond: number;
}

/** The compact residual net as anybody would write it with tf.layers alone. */
function stockNet(): tf.LayersModel {
  const convNorm = (x: tf.SymbolicTensor, filters: number, kernelSize: number, strides: number): tf.SymbolicTensor =>
    tf.layers
      .batchNormalization()
      .apply(
        tf.layers
          .conv2d({ filters, kernelSize, strides, padding: 'same', useBias: false, kernelInitializer: 'heNormal' })
          .apply(x),
      ) as tf.SymbolicTensor;
  const relu = (x: tf.SymbolicTensor): tf.SymbolicTensor => tf.layers.reLU().apply(x) as tf.SymbolicTensor;
  const input = tf.input({ shape: [SIZE, SIZE, 1] });
  let x = relu(convNorm(input, 24, 3, 2)); // [B, 24, 24, 24]
  for (const [filters, strides] of [
    [24, 1],
    [48, 2],
    [96, 2],
  ] as const) {
    const second = convNorm(relu(convNorm(x, filters, 3, strides)), filters, 3, 1);
    x = relu(
      tf.layers.add().apply([second, strides === 1 ? x : convNorm(x, filters, 1, strides)]) as tf.SymbolicTensor,
    );
  } // [B, 6, 6, 96]
  const outputs = tf.layers
    .dense({ units: CLASSES })
    .apply(tf.layers.globalAveragePooling2d({}).apply(x)) as tf.SymbolicTensor; // [B, 8]
  return tf.model({ inputs: input, outputs });
}

/** As anybody would write it. */
function stockStep(): () => Promise<void> {
  const net = stockNet();
  const optimizer = tf.train.adam(1e-3);
  const images = tf.randomNormal([BATCH, SIZE, SIZE, 1]); // [64, 48, 48, 1]
  const labels = tf.oneHot(tf.range(0, BATCH, 1, 'int32').mod(tf.scalar(CLASSES, 'int32')), CLASSES); // [64, 8]
  return async () => {
    const loss = optimizer.minimize(
      () => tf.losses.softmaxCrossEntropy(labels, net.apply(images, { training: true }) as tf.Tensor),
      true,
    )!;
    await loss.data();
    loss.dispose();
  };
}

async function ferstreamStep(): Promise<() => Promise<void>> {
  const { local, step } = await openStep();
  const batch = microBatchesOf(1);
  return () => step(local, batch);
}

/** The child: opens the engine, then measures one round for each message. */
async function serve({ backend, stockKernels, stockNorm }: Case): Promise<void> {
  await import('@tensorflow/tfjs-backend-wasm');
  const stock = ['Conv2DBackpropInput', 'BatchMatMul'].map((name) => tf.getKernel(name, 'wasm'));
  const { description } = await openBackend({ backend });
  if (stockKernels) {
    for (const kernel of stock) {
      tf.unregisterKernel(kernel.kernelName, 'wasm');
      tf.registerKernel(kernel);
    }
  }
  const step = stockNorm ? stockStep() : await ferstreamStep();
  for (let i = 0; i < 2; i++) await step();

  const measure = async (): Promise<Measurement> => {
    let done = 0;
    const begin = performance.now();
    const cpu = process.cpuUsage();
    while (performance.now() - begin < 2000) {
      await step();
      done += BATCH;
    }
    const seconds = (performance.now() - begin) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { imagesPerSecond: done / seconds, imagesPerCpuSecond: done / ((user + system) / 1e6) };
  };
  process.on('message', () => void measure().then((result) => process.send?.(result)));
  process.send?.(description);
}

/** A process that measures when asked to. */
interface Runner {
  readonly name: string;
  readonly description: string;
  readonly results: Measurement[];
  readonly measure: () => Promise<Measurement>;
  readonly stop: () => void;
}

async function forkRunner({ name, environment }: Case): Promise<Runner> {
  const child = fork(fileURLToPath(import.meta.url), ['--serve', name], { env: { ...process.env, ...environment } });
  const next = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => {
        reject(new Error(`${name} ended with code ${code ?? 'none'}`));
      };
      child.once('exit', onExit);
      child.once('message', (message) => {
        child.off('exit', onExit);
        resolve(message);
      });
    });
  const description = (await next()) as string;
  const measure = async (): Promise<Measurement> => {
    const result = next();
    child.send('measure');
    return (await result) as Measurement;
  };
  return { ...{ name, description, results: [], measure }, stop: () => void child.kill() };
}

/** @returns null without PyTorch */
async function torchRunner(): Promise<Runner | null> {
  try {
    execFileSync(PYTHON, ['-c', 'import torch'], { stdio: 'ignore' });
  } catch {
    console.warn(
      `PyTorch is left out: "${PYTHON} -c 'import torch'" fails; FERSTREAM_PYTHON may name a Python that has it`,
    );
    return null;
  }
  const child = spawn(PYTHON, [fileURLToPath(new URL('training-step.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const line = (await lines.next()) as IteratorResult<string, undefined>;
    if (line.done === true) throw new Error('PyTorch ended');
    return JSON.parse(line.value) as unknown;
  };
  const description = (await next()) as string;
  const measure = async (): Promise<Measurement> => {
    child.stdin.write('measure\n');
    return (await next()) as Measurement;
  };
  return { ...{ name: 'PyTorch', description, results: [], measure }, stop: () => void child.kill() };
}

async function compare(rounds: number, write: boolean): Promise<void> {
  const native = findPackage('@tensorflow/tfjs-node') !== null;
  if (!native) console.warn('tfjs-node is not installed and FERSTREAM_NATIVE_DIR names none: it is left out');
  const runners: Runner[] = [];
  try {
    for (const one of CASES) if (one.backend !== 'tfjs-node' || native) runners.push(await forkRunner(one));
    const torch = await torchRunner();
    if (torch !== null) runners.push(torch);
    for (let round = 0; round < rounds; round++) {
      for (const { results, measure } of runners) results.push(await measure());
    }
  } finally {
    for (const { stop } of runners) stop();
  }
  /** Median over the rounds of the ratio within a round. */
  const ratio = (results: readonly Measurement[], reference: readonly Measurement[] | undefined): string =>
    reference === undefined
      ? ''
      : median(results.map(({ imagesPerSecond }, i) => imagesPerSecond / reference[i]!.imagesPerSecond)).toFixed(2);
  const resultsOf = (part: string): Measurement[] | undefined =>
    runners.find(({ name }) => name.includes(part))?.results;
  const rows = runners.map(({ name, results }) => [
    name,
    ratio(results, resultsOf('stock kernels')),
    ratio(results, resultsOf('PyTorch')),
    median(results.map(({ imagesPerSecond }) => imagesPerSecond)).toFixed(0),
    median(results.map(({ imagesPerCpuSecond }) => imagesPerCpuSecond)).toFixed(0),
  ]);
  const table = markdownTable(['case', 'times stock', 'times PyTorch', 'images/s', 'images per CPU second'], rows);
  const engines = [...new Set(runners.map(({ description }) => description))].join('; ');
  const heading = `Compact residual net (0.17 M parameters), training step, batch ${BATCH}, ${SIZE}x${SIZE}x1, Adam; medians of ${rounds} rounds. ${engines}; Node ${process.version}.`;
  console.log(`${heading}\n\n${table}`);
  if (write) {
    const made = `Made by \`npm run bench:training -- --rounds ${rounds} --write\` on a machine with ${availableParallelism()} cores; only the ratios carry over to other machines.`;
    writeFileSync(
      new URL('training-step.md', import.meta.url),
      `# Speed of a training step\n\n${heading}\n${made}\n\n${table}\n`,
    );
  }
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
    serve: { type: 'string' },
  },
});
const served = CASES.find(({ name }) => name === values.serve);
if (served) await serve(served);
else await compare(Number(values.rounds), values.write);
