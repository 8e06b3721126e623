import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openImages } from '../src/ingest/sources/image-source.js';
import type { Frame } from '../src/ingest/frame.js';
import { LabelSet } from '../src/model/label-set.js';
import { canonicalLabel } from '../src/train/data/label-maps.js';
import { roomyView } from '../src/train/data/preprocess/crop-image.js';
import { openDataset, RunningMetrics } from '../src/train/index.js';
import type { Sample, Split } from '../src/train/index.js';
import { FACE_API_NAMES, openFaceApi } from './peers/face-api-peer.js';
import { openFerstream } from './peers/ferstream-peer.js';
import { openHuman } from './peers/human-peer.js';
import type { Peer } from './peers/peer.js';
import { markdownTable, median } from './table.js';

/**
 * Every tool for facial expressions that installs from npm, on the same pictures, end to end: each finds the face by itself. Each tool runs in a process of its
 * own on the wasm engine with one thread. A picture without a found face counts as wrong.
 *
 *   npm run bench:peers -- --data ferplus:DIR --data expressions-in-the-wild:DIR [--split valid] [--cap 368] [--limit N] [--json FILE]
 *
 * --split may be given once, or once for each --data. --cap: at most so many pictures of a class.
 */
const TOOLS: Readonly<Record<string, () => Promise<Peer>>> = {
  'ferstream-balanced': () => openFerstream('balanced'),
  'ferstream-uniform': () => openFerstream('uniform'),
  ...Object.fromEntries(FACE_API_NAMES.map((name) => [name, () => openFaceApi(name)])),
  human: openHuman,
};

interface Job {
  readonly tool: string;
  readonly data: string;
  readonly split: string;
  readonly cap: number;
  readonly limit: number;
}

interface Row {
  readonly data: string;
  readonly split: string;
  readonly tool: string;
  readonly trainedOn: string;
  readonly pictures: number;
  readonly withoutFace: number;
  readonly accuracy: number;
  /** Over the classes of the data; one that the tool does not know counts 0. */
  readonly meanClassAccuracy: number;
  /** Of the pictures with a face. */
  readonly accuracyWhereFound: number;
  readonly expectedCalibrationError: number;
  readonly recall: Readonly<Record<string, number | null>>;
  readonly millisecondsPerPicture: number;
}

if (process.send === undefined) await compare();
else
  process.once('message', (job: Job) => {
    void measure(job).then((row) => process.send!(row, () => process.exit(0)));
  });

async function compare(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      data: { type: 'string', multiple: true },
      split: { type: 'string', multiple: true, default: ['valid'] },
      cap: { type: 'string', default: 'Infinity' },
      limit: { type: 'string', default: 'Infinity' },
      tool: { type: 'string', multiple: true, default: Object.keys(TOOLS) },
      json: { type: 'string' },
    },
  });
  if (flags.data === undefined) throw new Error('name the data: --data FORMAT:DIR (several times)');
  const rows: Row[] = [];
  for (const [i, data] of flags.data.entries()) {
    const split = flags.split[Math.min(i, flags.split.length - 1)]!;
    for (const tool of flags.tool) {
      rows.push(await inOwnProcess({ tool, data, split, cap: Number(flags.cap), limit: Number(flags.limit) }));
      console.error(`${data}: ${tool} done`);
    }
  }
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, wasm, one thread\n`);
  console.log(table(rows));
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(rows, null, 2)}\n`);
}

function inOwnProcess(job: Job): Promise<Row> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.once('message', (row) => {
      resolve(row as Row);
    });
    child.once('exit', (code) => {
      reject(new Error(`${job.tool} on ${job.data} ended with ${String(code)} before its figures`));
    });
    // JSON has no Infinity.
    child.send({ ...job, cap: Math.min(job.cap, 1e9), limit: Math.min(job.limit, 1e9) });
  });
}

async function measure({ tool, data, split, cap, limit }: Job): Promise<Row> {
  const peer = await TOOLS[tool]!();
  const labels = new LabelSet(peer.name, peer.labels);
  const all = new RunningMetrics(labels);
  const found = new RunningMetrics(labels);
  const times: number[] = [];
  let withoutFace = 0;
  const samples = choose((await openDataset(data, { split: split as Split })).samples, cap).slice(0, limit);
  for (const { path, label } of samples) {
    for await (const picture of (await openImages(path)).frames()) {
      const frame = await framed(picture);
      const start = performance.now();
      const posteriors = await peer.answer(frame);
      times.push(performance.now() - start);
      if (posteriors === null) withoutFace += 1;
      else found.add([label!], [posteriors]);
      // Without a face: an answer that is certain of a class which is not the right one.
      all.add([label!], [posteriors ?? wrongAnswer(labels, label!)]);
    }
  }
  const { count, accuracy, meanClassAccuracy, recall } = all.result();
  const { accuracy: accuracyWhereFound, expectedCalibrationError } = found.result();
  return {
    data: data.replace(/:.*/, ''),
    split,
    tool: peer.name,
    trainedOn: peer.trainedOn,
    pictures: count,
    withoutFace,
    accuracy,
    meanClassAccuracy,
    accuracyWhereFound,
    expectedCalibrationError,
    recall: Object.fromEntries(Object.entries(recall).map(([label, share]) => [canonicalLabel(label), share])),
    millisecondsPerPicture: median(times),
  };
}

/** At most `cap` pictures of a class, the first ones; only pictures with a label. */
function choose(samples: readonly Sample[], cap: number): Sample[] {
  const taken = new Map<string, number>();
  return samples.filter(({ kind, label }) => {
    if (kind !== 'image' || label === null) return false;
    const count = taken.get(label) ?? 0;
    taken.set(label, count + 1);
    return count < cap;
  });
}

/** Data sets cut faces out tightly, and detectors want something around a face: every tool gets small pictures enlarged, with a margin. */
async function framed(picture: Frame): Promise<Frame> {
  return Math.max(picture.width, picture.height) > 200 ? picture : (await roomyView(picture)).frame;
}

function wrongAnswer(labels: LabelSet, truth: string): Float32Array {
  const wrong = labels.labels.findIndex((label) => canonicalLabel(label) !== canonicalLabel(truth));
  return Float32Array.from(labels.labels, (_, k) => (k === wrong ? 1 : 0));
}

function table(rows: readonly Row[]): string {
  const classes = [...new Set(rows.flatMap(({ recall }) => Object.keys(recall)))];
  const percent = (share: number | null | undefined): string =>
    share === null || share === undefined ? '' : (100 * share).toFixed(1);
  return markdownTable(
    ['data', 'tool', 'pictures', 'no face', 'WAR', 'UAR', 'WAR of found', 'ECE of found', 'ms', ...classes],
    rows.map((row) => [
      `${row.data}, ${row.split}`,
      row.tool,
      String(row.pictures),
      String(row.withoutFace),
      percent(row.accuracy),
      percent(row.meanClassAccuracy),
      percent(row.accuracyWhereFound),
      percent(row.expectedCalibrationError),
      row.millisecondsPerPicture.toFixed(0),
      ...classes.map((name) => percent(row.recall[name])),
    ]),
  );
}
