/** Free pieces kept; more are given up. A pipeline holds about five pictures at a time. */
const MOST_FREE = 8;

/**
 * Memory for pictures, used again once it is given back: a stream of fresh pictures of several megabytes would have the garbage
 * collector run for every one of them.
 */
export class PictureMemory {
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
