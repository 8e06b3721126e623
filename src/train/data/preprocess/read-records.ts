import type { FileHandle } from 'node:fs/promises';
import { FerError } from '../../../errors/fer-error.js';

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
        `${path}: is shorter than it was when it was written: prepare the data set anew`,
      );
    done += bytesRead;
  }
}
