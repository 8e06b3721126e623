import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { tf } from '../../model/tfjs.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cutOut, PEOPLE, photoFrame } from '../../../test/support/face-frames.js';
import { openBackend } from '../../model/engines/open-backend.js';
import type { Frame } from '../frame.js';
import { EmbeddingNet, FACE_EMBEDDING } from './re-identify/embedding-net.js';
import { intersectionOverUnion } from './align/geometry.js';
import { LandmarkNet, landmarkNetwork } from './align/landmark-net.js';
import { SsdMobileNet } from './detect/ssd-mobilenet.js';
import { TINY_FACE_DETECTOR, TinyFaceDetector } from './detect/tiny-face-detector.js';
import { GraphNetwork } from '../../model/pretrained/graph-network.js';
import { loadHumanGraph } from '../../model/pretrained/weight-files.js';
import type { Network } from '../../model/sessions/network.js';

/** The parts of face-api that ours are compared with. */
interface StockNet {
  loadFromDisk(folder: string): Promise<void>;
  dispose(throwOnRedispose: boolean): void;
}
interface StockFaceApi {
  readonly nets: {
    readonly tinyFaceDetector: StockNet & { forward(image: tf.Tensor, size: number): Promise<tf.Tensor> };
    readonly faceLandmark68Net: StockNet & { forward(image: tf.Tensor): Promise<tf.Tensor> };
    readonly faceLandmark68TinyNet: StockNet & { forward(image: tf.Tensor): Promise<tf.Tensor> };
    readonly faceRecognitionNet: StockNet & { computeFaceDescriptor(image: tf.Tensor): Promise<Float32Array> };
    readonly ssdMobilenetv1: StockNet & {
      locateFaces(
        image: tf.Tensor,
      ): Promise<{ score: number; box: { x: number; y: number; width: number; height: number } }[]>;
    };
  };
}

const require = createRequire(import.meta.url);
const TOLERANCE = 1e-4;
let stock: StockFaceApi;
let models: string;

beforeAll(async () => {
  await openBackend({ backend: 'wasm' });
  stock = require('@vladmandic/face-api/dist/face-api.node-wasm.js') as StockFaceApi;
  models = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');
});

afterAll(() => {
  tf.disposeVariables();
});

async function face(side: number): Promise<Frame> {
  const { photo, ...section } = PEOPLE.blond;
  return photoFrame(photo, section, side, side);
}

function asTensor({ data, width, height }: Frame): tf.Tensor3D {
  return tf.tensor3d(data, [height, width, 3], 'int32');
}

/** A frame as networks of face-api see it: less a mean colour, over 255. [1, side, side, 3] */
function normalised(frame: Frame, mean: readonly number[]): tf.Tensor4D {
  const values = Float32Array.from(frame.data, (value, i) => (value - mean[i % 3]!) / 255);
  return tf.tensor4d(values, [1, frame.height, frame.width, 3]);
}

/** The first output of a network. */
async function run(network: Network, input: tf.Tensor): Promise<tf.Tensor> {
  const loaded = await network.load();
  const [output] = tf.tidy(() => loaded.run(input));
  loaded.dispose();
  return output!;
}

function worstDifference(a: tf.Tensor, b: tf.Tensor): number {
  expect(a.size).toBe(b.size);
  return tf.tidy(() => tf.max(tf.abs(tf.sub(tf.reshape(a, [-1]), tf.reshape(b, [-1])))).dataSync()[0]!);
}

describe('fused networks match the stock ones', () => {
  it('TinyFaceDetector', async () => {
    const frame = await face(320);
    const ours = await TinyFaceDetector.load();
    await stock.nets.tinyFaceDetector.loadFromDisk(models);
    const expected = await stock.nets.tinyFaceDetector.forward(asTensor(frame), 320);
    const got = await run(TINY_FACE_DETECTOR, normalised(frame, [117.001, 114.697, 97.404]));
    expect(worstDifference(expected, got)).toBeLessThan(TOLERANCE);
    expect((await ours.detect(frame))[0]!.score).toBeGreaterThan(0.5);
    ours.dispose();
  });

  it.each([
    ['full', 'faceLandmark68Net'],
    ['tiny', 'faceLandmark68TinyNet'],
  ] as const)('68 landmarks, %s', async (name, stockName) => {
    const frame = await face(112);
    const ours = await LandmarkNet.load(name);
    await stock.nets[stockName].loadFromDisk(models);
    const expected = await stock.nets[stockName].forward(asTensor(frame));
    const input = normalised(frame, [122.782, 117.001, 104.298]);
    expect(worstDifference(expected, await run(landmarkNetwork(name), input))).toBeLessThan(TOLERANCE);
    const [points] = await ours.locate(frame, [{ center: { x: 56, y: 56 }, side: 112, angle: 0 }]);
    const flat = tf.tensor(points!.flatMap(({ x, y }) => [x / 112, y / 112]));
    expect(worstDifference(expected, flat)).toBeLessThan(TOLERANCE);
    ours.dispose();
  });

  it('FaceRecognitionNet', async () => {
    const frame = await face(150);
    await stock.nets.faceRecognitionNet.loadFromDisk(models);
    const expected = tf.tensor(await stock.nets.faceRecognitionNet.computeFaceDescriptor(asTensor(frame)));
    const got = await run(FACE_EMBEDDING, normalised(frame, [122.782, 117.001, 104.298]));
    expect(worstDifference(expected, got)).toBeLessThan(TOLERANCE);
  });

  it('SSD MobileNet', async () => {
    const frame = await face(512);
    const ours = await SsdMobileNet.load();
    await stock.nets.ssdMobilenetv1.loadFromDisk(models);
    const [expected] = await stock.nets.ssdMobilenetv1.locateFaces(asTensor(frame));
    const [got] = await ours.detect(frame);
    expect(Math.abs(got!.score - expected!.score)).toBeLessThan(1e-3);
    expect(intersectionOverUnion(got!.box, expected!.box)).toBeGreaterThan(0.8);
    ours.dispose();
  });

  it.each([
    ['blazeface', 256, ['Identity', 'Identity_1', 'Identity_2', 'Identity_3']],
    ['facemesh', 192, ['Identity_1']],
  ] as const)('%s as tfjs runs the same graph', async (name, side, outputs) => {
    const folder = join(dirname(models), '../human/models');
    const json = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as {
      modelTopology: object;
      weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[];
    };
    const bytes = Uint8Array.from(await readFile(join(folder, `${name}.bin`)));
    const reference = await loadGraphModel(
      tf.io.fromMemory({
        modelTopology: json.modelTopology,
        weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights),
        weightData: bytes.buffer,
      }),
    );
    const { nodes, weights } = await loadHumanGraph(name);
    const ours = new GraphNetwork(nodes, weights, outputs);
    const input = normalised(await face(side), [127.5, 127.5, 127.5]);
    const expected = reference.execute(input, [...outputs]);
    const got = ours.run(input);
    for (const [i, tensor] of [expected].flat().entries())
      expect(worstDifference(tensor, got[i]!)).toBeLessThan(TOLERANCE);
    ours.dispose();
    reference.dispose();
  });
});

it('loading, using and disposing a network leaks no tensor', async () => {
  const frame = await photoFrame('sample3.jpg', { left: 300, top: 100, width: 800, height: 600 }, 640, 480);
  const before = tf.memory().numTensors;
  const detector = await TinyFaceDetector.load();
  const landmarks = await LandmarkNet.load('tiny');
  const ssd = await SsdMobileNet.load();
  const embedding = await EmbeddingNet.load();
  await detector.detect(frame);
  await ssd.detect(cutOut(frame, 0, 0, 320, 240));
  const [points] = await landmarks.locate(frame, [{ center: { x: 320, y: 200 }, side: 200, angle: 0.1 }]);
  await embedding.embed(frame, [points!]);
  for (const net of [detector, landmarks, ssd, embedding]) net.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
