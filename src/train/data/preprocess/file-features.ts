import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FerError } from '../../../errors/fer-error.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { cropLength } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';

/** Crops that stay in their file and are read by their places [N, S, S, C]. */
export class FileCrops implements CropSource {
  private readonly length: number;

  constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    readonly geometry: CropGeometry,
    readonly count: number,
  ) {
    this.length = cropLength(geometry);
  }

  /** @throws FerError CONFIG_INVALID for an index that no crop has, INPUT_UNREADABLE when the file is cut short */
  async read(indices: readonly number[]): Promise<Uint8Array> {
    const wrong = indices.find((index) => !(Number.isInteger(index) && index >= 0 && index < this.count));
    if (wrong !== undefined)
      throw new FerError('CONFIG_INVALID', `${this.path}: no crop ${wrong}: it has ${this.count}`);
    return readRecords(this.file, this.path, this.length, indices);
  }
}

/**
 * Records of equal length by their places in a file, one after another; neighbours are read together.
 * @param length bytes of a record
 * @throws FerError INPUT_UNREADABLE when the file ends before one of them
 */
async function readRecords(
  file: FileHandle,
  path: string,
  length: number,
  places: readonly number[],
): Promise<Uint8Array> {
  const bytes = new Uint8Array(places.length * length);
  for (let from = 0; from < places.length;) {
    let to = from + 1;
    while (to < places.length && places[to] === places[to - 1]! + 1) to += 1;
    await fill(file, path, bytes.subarray(from * length, to * length), places[from]! * length);
    from = to;
  }
  return bytes;
}

async function fill(file: FileHandle, path: string, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length;) {
    const { bytesRead } = await file.read(target, done, target.length - done, position + done);
    if (bytesRead === 0)
      throw new FerError(
        'INPUT_UNREADABLE',
        `${path}: is shorter than when it was written: prepare the data set again`,
      );
    done += bytesRead;
  }
}

export const FEATURES_FILE = 'features.f32';
export const FEATURES_INFO_FILE = 'features.json';

/** Views per crop: the picture and its mirror image. */
const VIEWS = 2;

const schema = z.strictObject({
  format: z.literal(1),
  /** The frame checkpoint they were computed with: a hash over its network and weights. */
  checkpoint: z.string(),
  /** Name of its network. */
  network: z.string(),
  dimensions: z.int().positive(),
  crops: z.int().nonnegative(),
});

/** Content of features.json. */
export type FeaturesInfo = z.infer<typeof schema>;

/** Features of each crop by a frame encoder, kept on disk. */
export interface FeatureSource {
  readonly checkpoint: string;
  /** Values for each crop. */
  readonly dimensions: number;
  readonly count: number;
  /** Features of the crops of these indices, one after another; of their mirror images if `mirrored`. [n, D] */
  read(indices: readonly number[], mirrored?: boolean): Promise<Float32Array>;
}

/** Features in a file [N, 2, D], float32, in the byte order of nearly all machines: little-endian. */
export class FileFeatures implements FeatureSource {
  readonly checkpoint: string;
  readonly dimensions: number;
  readonly count: number;

  constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    { checkpoint, dimensions, crops }: FeaturesInfo,
  ) {
    this.checkpoint = checkpoint;
    this.dimensions = dimensions;
    this.count = crops;
  }

  /** @throws FerError CONFIG_INVALID for an index that no crop has, INPUT_UNREADABLE when the file is cut short */
  async read(indices: readonly number[], mirrored = false): Promise<Float32Array> {
    const wrong = indices.find((index) => !(Number.isInteger(index) && index >= 0 && index < this.count));
    if (wrong !== undefined)
      throw new FerError('CONFIG_INVALID', `${this.path}: no features of crop ${wrong}: it has ${this.count}`);
    const places = indices.map((index) => index * VIEWS + (mirrored ? 1 : 0));
    const bytes = await readRecords(this.file, this.path, this.dimensions * Float32Array.BYTES_PER_ELEMENT, places);
    return new Float32Array(bytes.buffer);
  }
}

/** Null where features are not there, are not complete, or are of another number of crops. `bytes`: of one crop, both views. */
export async function readFeaturesInfo(
  folder: string,
  crops: number,
): Promise<(FeaturesInfo & { readonly bytes: number }) | null> {
  const info = await startedFeatures(folder);
  if (info?.crops !== crops) return null;
  const bytes = bytesPerCrop(info);
  const written = await stat(join(folder, FEATURES_FILE)).catch(() => null);
  return written?.size === crops * bytes ? { ...info, bytes } : null;
}

/** The description of features that may not be complete; null where there is none that can be used. */
export async function startedFeatures(folder: string): Promise<FeaturesInfo | null> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, FEATURES_INFO_FILE), 'utf8')));
  } catch {
    return null; // they can be computed again
  }
}

export async function writeFeaturesInfo(folder: string, info: FeaturesInfo): Promise<void> {
  const path = join(folder, FEATURES_INFO_FILE);
  await writeFile(`${path}.tmp`, `${JSON.stringify(info, null, 2)}\n`, { flush: true });
  await rename(`${path}.tmp`, path);
}

export function bytesPerCrop({ dimensions }: Pick<FeaturesInfo, 'dimensions'>): number {
  return VIEWS * dimensions * Float32Array.BYTES_PER_ELEMENT;
}
