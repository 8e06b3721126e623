import { basename, dirname, join, resolve } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { exists } from '../../files/write-error.js';
import { identifyInput } from '../../ingest/sources/identity.js';
import { imageFiles } from '../../ingest/sources/image-source.js';
import { openWriters, outputFormat } from '../output/formats.js';
import { withResting } from '../output/baseline-writers.js';
import { markOutputs } from '../output/done-record.js';
import { fold, outputNames } from '../output/output-names.js';
import type { OutputContext, OutputWriters } from '../results/output-format.js';
import { applyPeople } from '../results/people.js';
import type { People } from '../results/people.js';
import type { AnnotationLine, RunMetadata, RunOutcome } from '../results/annotation-schema.js';
import { readAnnotation, readFrames } from '../results/read-annotation.js';
import { refuseForeign } from './annotate-input.js';
import { RestingFaces, relativeToRest } from '../results/resting-face.js';
import type { BaselineChoice, RestingFace } from '../results/resting-face.js';
import type { FrameResult } from '../pipeline/frame-result.js';

export interface ConvertOptions extends People {
  /** Names of OUTPUT_FORMATS. */
  readonly formats: readonly string[];
  /** Default: the folder of the annotation. */
  readonly outputDir?: string;
  /** Base name of the outputs; default: that of the annotation. */
  readonly name?: string;
  /** Adds expressions relative to each person's resting face; default: as the annotation has them. */
  readonly baseline?: BaselineChoice;
  /** Also replaces files that neither annotating nor converting wrote. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
}

export interface Converted {
  readonly input: string;
  readonly outputs: readonly string[];
  readonly outcome: RunOutcome;
}

/**
 * Writes other formats from a JSONL annotation, without the video (except for the overlay). The files are the same, byte for byte, as
 * those that annotating writes. Memory does not grow with the length.
 *
 * @throws FerError ANNOTATION_INVALID, INPUT_NOT_FOUND, CONFIG_INVALID, OUTPUT_UNWRITABLE, INTERRUPTED
 */
export async function convertAnnotation(path: string, options: ConvertOptions): Promise<Converted> {
  const {
    formats,
    outputDir = dirname(path),
    name = baseName(path),
    baseline,
    force = false,
    signal,
    ...corrections
  } = options;
  for (const format of formats) {
    const target = join(outputDir, name + outputFormat(format).ending);
    if (resolve(target) === resolve(path)) {
      throw new FerError(
        'CONFIG_INVALID',
        `${path}: would be replaced by its own conversion; give another --output-dir`,
      );
    }
  }
  if (!force) await refuseForeign(outputDir, name, formats, path);
  const lines = readAnnotation(path, { landmarks: formats.includes('jsonl') });
  try {
    const first = await lines.next();
    if (first.done === true || first.value.type !== 'run')
      throw new FerError('ANNOTATION_INVALID', `${path}: is empty`);
    const { type: _, ...run } = first.value;
    const named = withNames(run as RunMetadata, corrections);
    const people = { ...corrections, names: named.people ?? {} };
    const metadata = baseline === undefined ? named : { ...named, settings: { ...named.settings, baseline } };
    const rests = await findRests(path, baseline, people);
    const writers = await openWriters(formats, outputDir, name, metadata, await contextOf(metadata, path, options));
    try {
      const outcome = await writeLines(lines, writers, { path, people, rests, signal }, () =>
        markOutputs(outputDir, name, writers.paths),
      );
      return { input: path, outputs: writers.paths, outcome };
    } catch (error) {
      await writers.abort();
      throw error;
    }
  } finally {
    await lines.return(undefined);
  }
}

interface Conversion {
  readonly path: string;
  readonly people: People;
  readonly rests: ReadonlyMap<number, RestingFace> | null;
  readonly signal: AbortSignal | undefined;
}

async function writeLines(
  lines: AsyncIterable<AnnotationLine>,
  writers: OutputWriters,
  { path, people, rests, signal }: Conversion,
  beforeFinish: () => Promise<void>,
): Promise<RunOutcome> {
  const withBaseline = (frame: FrameResult): FrameResult =>
    rests === null ? frame : relativeToRest(withoutRelative(frame), rests);
  for await (const line of lines) {
    if (signal?.aborted === true) throw new FerError('INTERRUPTED', `${path}: stopped; nothing was written`);
    if (line.type === 'frame') {
      const { type: _, ...frame } = line;
      await writers.write(withBaseline(applyPeople(frame as FrameResult, people)));
    } else if (line.type === 'end') {
      const { type: _, resting, ...rest } = line;
      const outcome = rests === null ? { ...rest, ...(resting && { resting }) } : withResting(rest, rests);
      await beforeFinish();
      await writers.finish(outcome);
      return outcome;
    }
  }
  throw new FerError('ANNOTATION_INVALID', `${path}: has no "end" line`);
}

/**
 * Base names for the conversions of several annotations. No two write the same file where all go into one folder: batches call many inputs "clip".
 * @param outputDir undefined for the folder of each annotation
 * @param formats names of OUTPUT_FORMATS
 * @throws FerError CONFIG_INVALID when two would write the same file into their own folder
 */
export function conversionNames(
  paths: readonly string[],
  outputDir: string | undefined,
  formats: readonly string[],
): string[] {
  const names = paths.map(baseName);
  const endings = formats.map((format) => outputFormat(format).ending);
  const owners = new Map<string, string>();
  for (const [i, path] of paths.entries()) {
    for (const ending of endings) {
      const target = fold(resolve(outputDir ?? dirname(path), names[i]! + ending));
      const owner = owners.get(target);
      owners.set(target, path);
      // The same annotation twice gives the same file.
      if (owner === undefined || (outputDir === undefined && resolve(owner) === resolve(path))) continue;
      if (outputDir !== undefined)
        return outputNames(
          paths.map((name) => ({ name })),
          { endings },
        );
      throw new FerError(
        'CONFIG_INVALID',
        `${owner} and ${path} would both become ${names[i]! + ending}; convert them one by one into folders of their own (--output-dir)`,
      );
    }
  }
  return names;
}

function baseName(path: string): string {
  return basename(path).replace(/\.jsonl$/i, '');
}

/** Each person's resting face, from a separate pass; null leaves frames unchanged. */
async function findRests(
  path: string,
  baseline: BaselineChoice | undefined,
  people: People,
): Promise<ReadonlyMap<number, RestingFace> | null> {
  if (baseline === undefined) return null;
  if (baseline === 'off') return new Map();
  const resting = new RestingFaces(baseline);
  for await (const frame of readFrames(path)) resting.push(applyPeople(frame, people));
  return resting.end();
}

function withoutRelative(frame: FrameResult): FrameResult {
  return { ...frame, faces: frame.faces.map(({ relative: _, relativeLabel: __, ...face }) => face) };
}

function withNames(metadata: RunMetadata, { names = {} }: People): RunMetadata {
  return Object.keys(names).length === 0 ? metadata : { ...metadata, people: { ...metadata.people, ...names } };
}

/** Formats that show the footage or link to it. */
const SHOWING: ReadonlySet<string> = new Set(['html', 'elan', 'overlay']);

/** The footage, under the name it was annotated by, or in the folder of the annotation. */
async function contextOf(
  { input, settings }: RunMetadata,
  annotation: string,
  { formats, signal }: Pick<ConvertOptions, 'formats' | 'signal'>,
): Promise<OutputContext> {
  const { start, end, width } = settings;
  const seconds = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  const { kind } = input;
  const isShown = (kind === 'file' || kind === 'images') && formats.some((format) => SHOWING.has(format));
  const found = isShown ? await findFootage(input, kind, annotation) : null;
  if (found?.isSame === false && formats.includes('overlay')) {
    throw new FerError(
      'INPUT_NOT_FOUND',
      `${annotation}: ${found.path} is not the footage that was annotated; put that into the folder of the results`,
    );
  }
  const place = found?.isSame === true ? found.path : null;
  const images = input.kind === 'images' && place !== null ? await imageFiles(place).catch(() => null) : null;
  return {
    sourcePath: input.kind === 'file' ? place : input.kind === 'url' ? input.name : null,
    isUnlinked: found?.isSame === false,
    imagePaths: images === null ? null : images.map((image) => resolve(image)),
    range: { start: seconds(start), end: seconds(end) },
    scaled: typeof width === 'number',
    ...(signal === undefined ? {} : { signal }),
  };
}

interface FoundFootage {
  readonly path: string;
  /** False for a file of its name with other content: its pictures are not those that were annotated. */
  readonly isSame: boolean;
}

/**
 * The footage of an annotation. Results may have moved with it: it is searched from the working folder, the annotation's and the one above.
 * Without any, the path by which it was annotated.
 * @param input a file or images
 */
async function findFootage(
  { name, hash }: RunMetadata['input'],
  kind: 'file' | 'images',
  annotation: string,
): Promise<FoundFootage> {
  const folder = dirname(resolve(annotation));
  const places = [
    resolve(name),
    resolve(folder, name),
    join(folder, basename(name)),
    join(folder, '..', basename(name)),
  ];
  let other: string | null = null;
  for (const path of new Set(places)) {
    if (!(await exists(path))) continue;
    if (hash === null || (await identifyInput({ kind, path }).catch(() => null)) === hash)
      return { path, isSame: true };
    other ??= path;
  }
  return other === null ? { path: places[0]!, isSame: true } : { path: other, isSame: false };
}
