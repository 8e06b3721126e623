import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/**
 * The cut-out faces of one clip, until it is known which of them are wanted: on disk, as a long clip with several people in it has more of
 * them than fit into memory. The file lies in the prepared folder and is overwritten by the next clip.
 */
export class CropScratch {
  private count = 0;

  private constructor(
    private readonly file: FileHandle,
    private readonly length: number,
  ) {}

  /** @param length bytes of a crop */
  static async open(path: string, length: number): Promise<CropScratch> {
    return new CropScratch(await open(path, 'w+'), length);
  }

  /** Forgets everything. */
  clear(): void {
    this.count = 0;
  }

  /** Returns the crop's place. */
  async add(crop: Uint8Array): Promise<number> {
    await this.file.write(crop, 0, this.length, this.count * this.length);
    this.count += 1;
    return this.count - 1;
  }

  async *read(places: readonly number[]): AsyncGenerator<Uint8Array> {
    for (const place of places) {
      const crop = new Uint8Array(this.length);
      await this.file.read(crop, 0, this.length, place * this.length);
      yield crop;
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
