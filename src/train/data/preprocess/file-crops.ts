import type { FileHandle } from 'node:fs/promises';
import { FerError } from '../../../errors/fer-error.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { cropLength } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';
import { readRecords } from './read-records.js';

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
