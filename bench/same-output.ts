/**
 * Does a change of the code leave the results as they were? Runs the command line of a checkout and writes a digest: the JSONL and CSV of
 * every media file and of the demo, line by line, without versions and run times; and the loss curve of a short seeded training run of each
 * method. Two digests are then compared.
 *
 *   npm run bench:same-output -- --media DIR --tree ../before --output before.json [--keep before-out] [--only annotate|train]
 *   npm run bench:same-output -- --media DIR --output after.json
 *   npm run bench:same-output -- --compare before.json after.json
 *
 * Everything runs on the wasm engine; `--keep` keeps the files themselves. `--rename carried=coasted` puts a new word in place of one that a
 * change of names replaces. A comparison that finds a difference exits with 1.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import sharp from 'sharp';
import { markdownTable } from './table.js';

/** A JSON value without its versions and names of folders, by its path ("input.kind"). */
type Facts = Record<string, string>;

interface AnnotationDigest {
  readonly metadata: Facts;
  /** First eight hex digits of the SHA-256 of each line after the first, and (in CSV) of all lines. */
  readonly jsonl: readonly string[];
  readonly csv: readonly string[];
}

interface TrainingDigest {
  readonly loss: readonly number[];
  readonly validationLoss: readonly number[];
  readonly weights: string;
}

interface Digest {
  readonly annotations: Record<string, AnnotationDigest>;
  readonly trainings: Record<string, TrainingDigest>;
}

/** Settings for a network of 16 x 16 pixels that is trained in seconds. `v-naw` goes over the frames that `ce` learned from. */
const TRAININGS: Record<string, readonly string[]> = {
  ce: ['--epochs', '8', '--set', 'network.size=16', 'network.width=4'],
  nla: ['--epochs', '8', '--set', 'network.size=16', 'network.width=4'],
  dnfer: ['--epochs', '8', '--set', 'network.size=16', 'network.width=4'],
  'v-naw': ['--epochs', '6', '--set', 'network.width=16', 'network.frames=8'],
};

const UNCOMPARED = /^(ferstream|node|ffmpeg|engine\.(device|tfjs)|model\.version)$/;
const PATTERNS = ['rows', 'columns', 'squares'] as const;
const SIDE = 16;

const run = promisify(execFile);

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tree: { type: 'string', default: '.' },
    media: { type: 'string' },
    output: { type: 'string', default: 'same-output.json' },
    keep: { type: 'string' },
    only: { type: 'string' },
    rename: { type: 'string', multiple: true, default: [] },
    compare: { type: 'boolean', default: false },
  },
});

if (flags.compare) await printComparison(positionals[0]!, positionals[1]!);
else await record();

async function record(): Promise<void> {
  const folder = resolve(flags.keep ?? (await mkdtemp(join(tmpdir(), 'ferstream-bench-'))));
  try {
    const annotations = flags.only === 'train' ? {} : await annotateAll(folder);
    const trainings = flags.only === 'annotate' ? {} : await trainAll(folder);
    await writeFile(flags.output, JSON.stringify({ annotations, trainings } satisfies Digest, null, 1));
    console.log(`digest in ${resolve(flags.output)}`);
  } finally {
    if (flags.keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** Runs the command line of the tree from its sources. */
async function fer(args: readonly string[]): Promise<void> {
  console.log(`fer ${args.join(' ')}`);
  const env = { ...process.env, FERSTREAM_BACKEND: 'wasm' };
  await run(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], {
    cwd: resolve(flags.tree),
    env,
    maxBuffer: 2 ** 26,
  });
}

async function annotateAll(folder: string): Promise<Record<string, AnnotationDigest>> {
  const demo = join(folder, 'demo');
  await fer(['demo', '--output-dir', demo]);
  const found: Record<string, AnnotationDigest> = { demo: await digestOf(demo, 'demo') };
  if (flags.media === undefined) return found;

  const media = resolve(flags.media);
  const names = (await readdir(media)).sort();
  const outputs = join(folder, 'media');
  await fer([
    'annotate',
    ...names.map((name) => join(media, name)),
    '--output-dir',
    outputs,
    '--format',
    'jsonl,csv',
    '--force',
  ]);
  for (const name of names) found[name] = await digestOf(outputs, name.replace(/\.\w+$/, ''));
  return found;
}

async function digestOf(folder: string, stem: string): Promise<AnnotationDigest> {
  const [first, ...frames] = await linesOf(join(folder, `${stem}.jsonl`));
  const metadata = Object.entries(factsOf(JSON.parse(first!))).filter(([path]) => !UNCOMPARED.test(path));
  return {
    metadata: {
      ...Object.fromEntries(metadata),
      'input.name': basename((JSON.parse(first!) as { input: { name: string } }).input.name),
    },
    jsonl: frames.map(hashOf),
    csv: (await linesOf(join(folder, `${stem}.csv`))).map(hashOf),
  };
}

async function trainAll(folder: string): Promise<Record<string, TrainingDigest>> {
  const pictures = join(folder, 'pictures');
  const clips = join(folder, 'clips');
  await writePictures(pictures);
  await writeClips(clips);
  const found: Record<string, TrainingDigest> = {};
  for (const [method, settings] of Object.entries(TRAININGS)) {
    const output = join(folder, `train-${method}`);
    const source =
      method === 'v-naw'
        ? [`manifest:${clips}`, '--encoder', join(folder, 'train-ce', 'best')]
        : [`manifest:${pictures}`];
    await rm(output, { recursive: true, force: true });
    await fer([
      'train',
      ...source,
      '--preset',
      method,
      '--output',
      output,
      '--batch-size',
      '12',
      '--seed',
      '5',
      '--backend',
      'wasm',
      ...settings,
    ]);
    const epochs = (await linesOf(join(output, 'epochs.jsonl'))).map(
      (line) => JSON.parse(line) as { loss: number; validation: { loss: number } },
    );
    found[method] = {
      loss: epochs.map(({ loss }) => loss),
      validationLoss: epochs.map(({ validation }) => validation.loss),
      weights: hashOf(Buffer.concat(await weightsIn(join(output, 'last')))),
    };
  }
  return found;
}

/** All weight files below a model folder, in the order of their names. */
async function weightsIn(folder: string): Promise<Buffer[]> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.bin')).sort();
  return Promise.all(files.map((name) => readFile(join(folder, name))));
}

/** 45 pictures of three patterns; one of the training part is labelled wrong. */
async function writePictures(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const rows = ['path,label,split'];
  for (let i = 0; i < 45; i += 1) {
    await writePicture(join(folder, `${i}.png`), i % 3, i);
    rows.push(`${i}.png,${PATTERNS[(i === 7 ? i + 1 : i) % 3]!},${i < 36 ? 'train' : 'test'}`);
  }
  await writeFile(join(folder, 'manifest.csv'), rows.join('\n'));
}

/** 24 folders of twelve frames. */
async function writeClips(folder: string): Promise<void> {
  const rows = ['path,label,subject,split'];
  for (let clip = 0; clip < 24; clip += 1) {
    await mkdir(join(folder, `clip${clip}`), { recursive: true });
    for (let frame = 0; frame < 12; frame += 1)
      await writePicture(join(folder, `clip${clip}`, `${frame}.png`), clip % 3, 1000 + 12 * clip + frame);
    rows.push(`clip${clip},${PATTERNS[clip % 3]!},person ${clip},train`);
  }
  await writeFile(join(folder, 'manifest.csv'), rows.join('\n'));
}

/** A grey picture of bright and dark stripes or squares, with noise that depends on the seed alone. */
async function writePicture(path: string, pattern: number, seed: number): Promise<void> {
  let state = seed * 2654435761 + 1;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const [dark, bright] = [20 + below(80), 150 + below(60)];
  const pixels = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [row, column] = [(i >> 5) & 1, (i >> 1) & 1];
    return ([row, column, (row + column) % 2][pattern] === 1 ? bright : dark) + below(40);
  });
  await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 1 } })
    .png()
    .toFile(path);
}

async function linesOf(path: string): Promise<string[]> {
  let text = (await readFile(path, 'utf8')).trimEnd();
  for (const [before, after] of flags.rename.map((pair) => pair.split('=')))
    text = text.replaceAll(`"${before!}"`, `"${after!}"`);
  return text.split('\n');
}

function hashOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 8);
}

function factsOf(value: unknown, path = ''): Facts {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return { [path]: JSON.stringify(value) };
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, inner]) => factsOf(inner, path === '' ? key : `${path}.${key}`)),
  ) as Facts;
}

async function printComparison(before: string, after: string): Promise<void> {
  const [a, b] = (await Promise.all(
    [before, after].map(async (path) => JSON.parse(await readFile(path, 'utf8')) as unknown),
  )) as [Digest, Digest];
  const rows = [
    ...differences(a.annotations, b.annotations, compareAnnotations),
    ...differences(a.trainings, b.trainings, compareTrainings),
  ];
  const count = Object.keys(a.annotations).length + Object.keys(a.trainings).length;
  if (rows.length === 0) console.log(`the same: ${count} results`);
  else console.log(markdownTable(['result', 'part', 'before', 'after'], rows));
  process.exitCode = rows.length === 0 ? 0 : 1;
}

type Difference = [part: string, before: string, after: string];

function differences<T>(
  a: Record<string, T>,
  b: Record<string, T>,
  compare: (before: T, after: T) => Difference[],
): string[][] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((name): string[][] => {
    const [before, after] = [a[name], b[name]];
    if (before === undefined || after === undefined)
      return [[name, 'all', before ? 'there' : 'missing', after ? 'there' : 'missing']];
    return compare(before, after).map((difference) => [name, ...difference]);
  });
}

function compareAnnotations(before: AnnotationDigest, after: AnnotationDigest): Difference[] {
  const paths = new Set([...Object.keys(before.metadata), ...Object.keys(after.metadata)]);
  const metadata = [...paths].filter((path) => before.metadata[path] !== after.metadata[path]);
  return [
    ...metadata.map((path): Difference => [
      path,
      before.metadata[path] ?? 'missing',
      after.metadata[path] ?? 'missing',
    ]),
    ...compareLines('JSONL', before.jsonl, after.jsonl),
    ...compareLines('CSV', before.csv, after.csv),
  ];
}

function compareLines(part: string, before: readonly string[], after: readonly string[]): Difference[] {
  const length = Math.max(before.length, after.length);
  const changed = Array.from({ length }, (_, i) => i).filter((i) => before[i] !== after[i]);
  if (changed.length === 0) return [];
  return [
    [
      part,
      `${before.length} lines`,
      `${after.length} lines, ${changed.length} changed, the first is line ${changed[0]! + 1}`,
    ],
  ];
}

function compareTrainings(before: TrainingDigest, after: TrainingDigest): Difference[] {
  return (['loss', 'validationLoss', 'weights'] as const)
    .filter((part) => JSON.stringify(before[part]) !== JSON.stringify(after[part]))
    .map((part) => [part, String(before[part]), String(after[part])]);
}
