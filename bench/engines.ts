/**
 * How fast the engines are relative to one another: the same net, the same machine, the same run.
 *
 *   npx tsx bench/engines.ts [--rounds 5] [--train] [engine[:threads] ...]
 *
 * Every engine gets a separate process; rounds alternate between them, so that a busy machine slows all alike.
 * Printed are medians and their ratio to the first engine named: only the ratio travels to another machine. "images per
 * CPU second" leaves out time in which somebody else had the processor. --train times gradient steps (native and WebGPU only:
 * wasm lacks the kernels in stock TensorFlow.js).
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tf } from '../src/model/tfjs.js';
import { openBackend, parseBackendName } from '../src/model/engines/open-backend.js';
import { markdownTable, median } from './table.js';

const BATCH = 64;
const SIZE = 48;

interface Ready {
  readonly description: string;
  readonly parameters: number;
}

interface Measurement {
  readonly imagesPerSecond: number;
  readonly imagesPerCpuSecond: number;
}

/** Stem and three residual blocks of 24, 48 and 96 channels on a grey 48x48 face: the size of a frame encoder. */
function smallConvNet(): tf.LayersModel {
  const conv = (x: tf.SymbolicTensor, filters: number, strides: number): tf.SymbolicTensor =>
    tf.layers
      .conv2d({ filters, kernelSize: 3, strides, padding: 'same', activation: 'relu', kernelInitializer: 'heNormal' })
      .apply(x) as tf.SymbolicTensor;
  const input = tf.input({ shape: [SIZE, SIZE, 1] });
  let x = conv(input, 24, 2); // [B, 24, 24, 24]
  for (const [filters, strides] of [
    [24, 1],
    [48, 2],
    [96, 2],
  ] as const) {
    const shortcut = tf.layers
      .conv2d({ filters, kernelSize: 1, strides, padding: 'same' })
      .apply(x) as tf.SymbolicTensor;
    x = tf.layers.add().apply([conv(conv(x, filters, strides), filters, 1), shortcut]) as tf.SymbolicTensor;
  } // [B, 6, 6, 96]
  const pooled = tf.layers.globalAveragePooling2d({}).apply(x); // [B, 96]
  const outputs = tf.layers.dense({ units: 8, activation: 'softmax' }).apply(pooled) as tf.SymbolicTensor; // [B, 8]
  const net = tf.model({ inputs: input, outputs });
  net.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
  return net;
}

/** The child: opens the engine, then measures one round for each message. */
async function serve(name: string, train: boolean): Promise<void> {
  const backend = await openBackend({ backend: parseBackendName(name, 'engine') });
  const net = smallConvNet();
  const images = tf.randomNormal([BATCH, SIZE, SIZE, 1]); // [64, 48, 48, 1]
  const labels = tf.oneHot(tf.range(0, BATCH, 1, 'int32').mod(tf.scalar(8, 'int32')), 8); // [64, 8]
  const forward = async (): Promise<void> => {
    const output = net.predict(images) as tf.Tensor; // [64, 8]
    await output.data();
    output.dispose();
  };
  const step = async (): Promise<void> => {
    await net.trainOnBatch(images, labels);
  };
  const work = train ? step : forward;
  for (let i = 0; i < 3; i++) await work();

  const measure = async (): Promise<Measurement> => {
    let done = 0;
    const begin = performance.now();
    const cpu = process.cpuUsage();
    while (performance.now() - begin < 1000) {
      await work();
      done += BATCH;
    }
    const seconds = (performance.now() - begin) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { imagesPerSecond: done / seconds, imagesPerCpuSecond: done / ((user + system) / 1e6) };
  };
  process.on('message', () => void measure().then((result) => process.send?.(result)));
  process.send?.({ description: backend.description, parameters: net.countParams() } satisfies Ready);
}

async function compare(engines: readonly string[], rounds: number, train: boolean): Promise<void> {
  const runners: { engine: string; child: ChildProcess; ready: Ready; results: Measurement[] }[] = [];
  try {
    for (const engine of engines) {
      const [name = '', threads] = engine.split(':');
      const env = threads === undefined ? process.env : { ...process.env, TF_NUM_INTRAOP_THREADS: threads };
      const child = fork(fileURLToPath(import.meta.url), ['--serve', name, ...(train ? ['--train'] : [])], { env });
      runners.push({ engine, child, ready: (await answer(child, engine)) as Ready, results: [] });
    }
    for (let round = 0; round < rounds; round++) {
      for (const { engine, child, results } of runners) {
        const next = answer(child, engine);
        child.send('measure');
        results.push((await next) as Measurement);
      }
    }
  } finally {
    for (const { child } of runners) child.kill();
  }
  const speed = (results: readonly Measurement[]): number => median(results.map((r) => r.imagesPerSecond));
  const first = runners[0];
  if (!first) return;
  console.log(
    `${train ? 'training step' : 'forward'}, batch ${BATCH}, ${SIZE}x${SIZE}x1, ${first.ready.parameters} parameters, median of ${rounds} rounds, Node ${process.version}\n`,
  );
  const rows = runners.map(({ engine, ready, results }) => [
    engine,
    (speed(results) / speed(first.results)).toFixed(2),
    speed(results).toFixed(0),
    median(results.map((r) => r.imagesPerCpuSecond)).toFixed(0),
    ready.description,
  ]);
  console.log(markdownTable(['engine:threads', 'ratio', 'images/s', 'images per CPU second', 'obtained'], rows));
}

function answer(child: ChildProcess, engine: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => {
      reject(new Error(`${engine} ended with code ${code ?? 'none'}`));
    };
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    train: { type: 'boolean', default: false },
    serve: { type: 'string' },
  },
});
if (values.serve !== undefined) await serve(values.serve, values.train);
else await compare(positionals.length > 0 ? positionals : ['wasm', 'tfjs-node'], Number(values.rounds), values.train);
