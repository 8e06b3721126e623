import { FerError } from '../../errors/fer-error.js';
import type { ByteConsumer } from '../ffmpeg/process-output.js';
import { NutReader } from './nut-reader.js';
import type { NutPicture } from './nut-reader.js';

/** Pictures kept ready besides the one the consumer works on; beyond them ffmpeg waits. */
const READY = 1;

/** The receiving end of ffmpeg's output: bytes in, pictures out, one after the other. */
export class PictureQueue implements ByteConsumer {
  private readonly memory = new PictureMemory();
  private readonly reader = new NutReader((bytes) => this.memory.take(bytes));
  private readonly ready: NutPicture[] = [];
  private failure: FerError | null = null;
  private isEnded = false;
  private wake: (() => void) | null = null;

  /** Called when there is room again, after `push` has returned false. */
  onRoom: () => void = () => undefined;

  /** False when the bytes ended within a picture. */
  get isWhole(): boolean {
    return this.reader.atRest;
  }

  push(chunk: Uint8Array): boolean {
    try {
      if (this.failure === null) for (const picture of this.reader.push(chunk)) this.ready.push(picture);
    } catch (error) {
      this.failure = FerError.from(error);
    }
    this.wake?.();
    return this.ready.length <= READY;
  }

  end(): void {
    this.isEnded = true;
    this.wake?.();
  }

  /** The next picture; null at the end. For one consumer. @throws FerError FFMPEG_FAILED for bytes that are not pictures */
  async next(): Promise<NutPicture | null> {
    for (;;) {
      const picture = this.ready.shift();
      if (picture !== undefined) {
        if (this.ready.length === READY) this.onRoom();
        return picture;
      }
      if (this.failure !== null) throw this.failure;
      if (this.isEnded) return null;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Memory of a picture nobody looks at any more. */
  giveBack({ data }: NutPicture): void {
    this.memory.giveBack(data);
  }
}

/** Free pieces kept; more are given up. A pipeline holds about five pictures at a time. */
const MOST_FREE = 8;

/**
 * Memory for pictures, used again once it is given back: a stream of fresh pictures of several megabytes would have the garbage
 * collector run for every one of them.
 */
class PictureMemory {
  private free: Uint8Array[] = [];

  /** @returns a whole piece of memory with any content */
  take(bytes: number): Uint8Array {
    const kept = this.free.pop();
    if (kept?.length === bytes) return kept;
    this.free = []; // pictures of another size will not come back
    return new Uint8Array(bytes);
  }

  /** @param data from `take`, given back once; nobody looks at it afterwards */
  giveBack(data: Uint8Array): void {
    if (this.free.length < MOST_FREE) this.free.push(data);
  }
}
