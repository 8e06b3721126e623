import type { FileHandle } from 'node:fs/promises';
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
      throw new FerError('CONFIG_INVALID', `${this.path}: there is no crop ${wrong}: it holds ${this.count}`);
    return readRecords(this.file, this.path, this.length, indices);
  }
}

/**
 * Records of equal length by their places in a file, one after another; neighbours are read together.
 * @param length bytes of a record
 * @throws FerError INPUT_UNREADABLE when the file ends before one of them
 */
export async function readRecords(
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
