import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FerError } from '../../../errors/fer-error.js';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import type { Dataset } from '../sample.js';

/** Handling of images without a detected face: use the whole image as crop, or leave it out. */
export const NO_FACE = ['whole', 'skip'] as const;
export type NoFace = (typeof NO_FACE)[number];

/** Settings that determine the crops; stored with them. */
export interface PrepareSettings {
  /** How faces are cut out. Default: DEFAULT_CROP */
  readonly geometry: CropGeometry;
  /** Frames of a clip to keep for each second; null keeps all. Default: null */
  readonly framesPerSecond: number | null;
  /** Default: "whole" */
  readonly noFace: NoFace;
}

/** @throws FerError CONFIG_INVALID for values out of range */
export function prepareSettings({
  geometry = DEFAULT_CROP,
  framesPerSecond = null,
  noFace = 'whole',
}: Partial<PrepareSettings>): PrepareSettings {
  const { size } = geometry;
  if (!(Number.isInteger(size) && size >= 8 && size <= 1024)) {
    throw new FerError('CONFIG_INVALID', `crop size ${size} is out of range: give a whole number of pixels, 8 to 1024`);
  }
  if (framesPerSecond !== null && !(framesPerSecond > 0 && Number.isFinite(framesPerSecond))) {
    throw new FerError('CONFIG_INVALID', `${framesPerSecond} frames per second is out of range: give a number above 0`);
  }
  return { geometry, framesPerSecond, noFace };
}

/** Version of the layout of a prepared folder; raised when older versions cannot read it. */
const PREPARED_FORMAT = 1;

export const HEADER_FILE = 'prepared.json';
export const ROWS_FILE = 'samples.jsonl';
export const CROPS_FILE = 'crops.bin';

const place = z.strictObject({ x: z.number(), y: z.number() });
const count = z.int().nonnegative();

const schema = z.strictObject({
  format: z.literal(PREPARED_FORMAT),
  /** The data set prepared: its name, how many samples it has, and a hash of what it says about them. */
  source: z.strictObject({ name: z.string(), samples: count, hash: z.string(), unsplit: z.literal(true).optional() }),
  labels: z.strictObject({ name: z.string(), labels: z.array(z.string()).min(1) }),
  geometry: z.strictObject({
    size: z.int().positive(),
    channels: z.union([z.literal(1), z.literal(3)]),
    eyes: place,
    mouth: place,
  }),
  settings: z.strictObject({ framesPerSecond: z.number().positive().nullable(), noFace: z.enum(NO_FACE) }),
  /** Null while work is under way. */
  complete: z.strictObject({ crops: count, detected: count, whole: count, none: count, failed: count }).nullable(),
});

/** Content of prepared.json. */
export type PreparedHeader = z.infer<typeof schema>;

export function headerFor(dataset: Dataset, { geometry, framesPerSecond, noFace }: PrepareSettings): PreparedHeader {
  const { name, labels, samples } = dataset;
  return {
    format: PREPARED_FORMAT,
    source: {
      ...{ name, samples: samples.length, hash: datasetHash(dataset) },
      ...(dataset.unsplit && { unsplit: true as const }),
    },
    labels: { name: labels.name, labels: [...labels.labels] },
    geometry: {
      size: geometry.size,
      channels: geometry.channels,
      eyes: { ...geometry.eyes },
      mouth: { ...geometry.mouth },
    },
    settings: { framesPerSecond, noFace },
    complete: null,
  };
}

/** Changes with the samples, their order and labels; not with their location. */
function datasetHash({ samples }: Dataset): string {
  const hash = createHash('sha256');
  for (const {
    id,
    kind,
    split,
    label,
    frameLabels,
    softLabel,
    subject,
    startSeconds,
    endSeconds,
    frames,
    contested,
    aligned,
  } of samples) {
    hash.update(
      `${JSON.stringify([id, kind, split, label, frameLabels, softLabel, subject, startSeconds, endSeconds, frames?.map(({ index }) => index) ?? null, ...(contested === true ? ['contested'] : []), ...(aligned === true ? ['aligned'] : [])])}\n`,
    );
  }
  return `sha256:${hash.digest('hex')}`;
}

/**
 * The header of a prepared folder; null where there is none.
 * @throws FerError CONFIG_INVALID when it cannot be understood
 */
export async function readHeader(folder: string): Promise<PreparedHeader | null> {
  const path = join(folder, HEADER_FILE);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new FerError('CONFIG_INVALID', `${path} cannot be read: prepare the data set again, into another folder`, {
      cause: error,
    });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new FerError(
    'CONFIG_INVALID',
    `${path} cannot be read by this version of ferstream (${issue.path.map(String).join('.')}: ${issue.message}): prepare the data set again, into another folder`,
    {
      cause: result.error,
    },
  );
}

export async function writeHeader(folder: string, header: PreparedHeader): Promise<void> {
  const path = join(folder, HEADER_FILE);
  await writeFile(`${path}.tmp`, `${JSON.stringify(header, null, 2)}\n`, { flush: true });
  await rename(`${path}.tmp`, path);
}

/** @throws FerError CONFIG_INVALID when what is in the folder was made from other data or with other settings */
export function assertSame(folder: string, there: PreparedHeader, wanted: PreparedHeader): void {
  const differences: string[] = [];
  if (there.source.name !== wanted.source.name)
    differences.push(`data set "${there.source.name}", not "${wanted.source.name}"`);
  else if (there.source.hash !== wanted.source.hash)
    differences.push(`another state of the data set (${there.source.samples} samples, now ${wanted.source.samples})`);
  const parts = {
    'label set': [there.labels, wanted.labels],
    'crop geometry': [there.geometry, wanted.geometry],
    settings: [there.settings, wanted.settings],
  };
  for (const [name, [a, b]] of Object.entries(parts)) {
    if (JSON.stringify(a) !== JSON.stringify(b))
      differences.push(`${name} ${JSON.stringify(a)}, not ${JSON.stringify(b)}`);
  }
  if (differences.length === 0) return;
  throw new FerError(
    'CONFIG_INVALID',
    `${folder} contains crops of ${differences.join('; of ')}: choose another folder, or remove this one to start again`,
  );
}
