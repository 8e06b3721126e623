import { open } from 'node:fs/promises';

/**
 * Files joined byte by byte (`cat a.flv b.flv`): ffmpeg reads some containers only as far as the first one reaches, and says nothing. Finds
 * where the second file begins.
 */

/** How a file of a container begins, for those that ffmpeg does not read across a joint. */
const MAGIC = {
  flv: Buffer.from('FLV\x01'),
  asf: Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex'),
  matroska: Buffer.from('1a45dfa3', 'hex'),
} as const;
type Container = keyof typeof MAGIC | 'mov';

/** Bytes from which a beginning is recognised for certain. */
const HEAD_BYTES = 64;
/** Bytes read at a time: to search all of them, and to walk from box to box. */
const BLOCK = 1 << 20;
const BOX_BLOCK = 1 << 12;

/** Finds joints in bytes that arrive one block after another. */
export class JointFinder {
  /** Position of the second file; null while none was seen. */
  joint: number | null = null;
  /** Position of the next byte to be pushed. Bytes up to `wanted` need not be. */
  private position = 0;
  private kept: Buffer = Buffer.alloc(0);
  private container: Container | null | undefined;
  private readonly boxes = new BoxWalk();

  push(block: Uint8Array): void {
    if (this.container === null || this.joint !== null) return;
    const bytes = Buffer.concat([this.kept, block]);
    const start = this.position - this.kept.length;
    this.position += block.length;
    if (this.container === undefined) {
      if (bytes.length < HEAD_BYTES) {
        this.kept = bytes;
        return;
      }
      this.container = containerOf(bytes);
    }
    if (this.container === 'mov') this.joint = this.boxes.walk(bytes, start);
    else if (this.container !== null) this.joint = this.search(bytes, start, this.container);
    this.kept = Buffer.from(bytes.subarray(Math.max(0, bytes.length - HEAD_BYTES)));
  }

  /** Position of the first byte that is of interest, for readers that can skip. */
  get wanted(): number {
    if (this.container === null) return Infinity;
    return this.container === 'mov' ? Math.max(this.position, this.boxes.next) : this.position;
  }

  get found(): Joint | null {
    return this.joint === null ? null : { at: this.joint, size: null, mayBeRead: this.container === 'matroska' };
  }

  /** Whether every byte has to be looked at. */
  get searches(): boolean {
    return this.container !== undefined && this.container !== 'mov';
  }

  /** Of an MP4 that has fragments, once the first was seen. */
  get isFragmented(): boolean {
    return this.boxes.isFragmented;
  }

  /** Goes on at `wanted`. */
  skip(): void {
    if (this.wanted === this.position) return;
    this.position = this.wanted;
    this.kept = Buffer.alloc(0);
  }

  private search(bytes: Buffer, start: number, container: keyof typeof MAGIC): number | null {
    for (let at = bytes.indexOf(MAGIC[container], start === 0 ? 1 : 0); at !== -1;) {
      if (containerOf(bytes.subarray(at, at + HEAD_BYTES)) === container) return start + at;
      at = bytes.indexOf(MAGIC[container], at + 1);
    }
    return null;
  }
}

/** Walks over the top-level boxes of an MP4 (ISO/IEC 14496-12): a second index ("moov") belongs to a second file. */
class BoxWalk {
  /** Position of the next box. */
  next = 0;
  private indices = 0;
  isFragmented = false;
  private typeBox = 0;

  /** @returns the position of the second file; null where none begins among these bytes */
  walk(bytes: Buffer, start: number): number | null {
    for (let at = this.next - start; at >= 0 && at + 16 <= bytes.length; at = this.next - start) {
      const type = bytes.toString('latin1', at + 4, at + 8);
      const short = bytes.readUInt32BE(at);
      const size = short === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : short;
      if (size < 8 || !/^[\w© -]{4}$/.test(type))
        this.next = Infinity; // the last box reaches to the end, or this is none
      else {
        if (type === 'ftyp') this.typeBox = this.next;
        if (type === 'moof') this.isFragmented = true;
        if (type === 'moov' && ++this.indices > 1) return this.typeBox > 0 ? this.typeBox : this.next;
        this.next += size;
      }
    }
    return null;
  }
}

function containerOf(head: Buffer): Container | null {
  if (head.length < 16) return null;
  if (head.subarray(0, 4).equals(MAGIC.flv) && head.readUInt32BE(5) === 9) return 'flv';
  if (head.subarray(0, 16).equals(MAGIC.asf)) return 'asf';
  if (head.subarray(0, 4).equals(MAGIC.matroska) && /webm|matroska/.test(head.toString('latin1'))) return 'matroska';
  return /^(ftyp|moov|mdat|wide|free|skip)$/.test(head.toString('latin1', 4, 8)) ? 'mov' : null;
}

/** Whether an MP4 comes in fragments, as recorders of live video write it: they may change their picture size. */
export async function isFragmented(path: string): Promise<boolean> {
  return (await readThrough(path, ({ isFragmented }) => isFragmented))?.finder.isFragmented === true;
}

export interface Joint {
  /** Position of the second file in bytes. */
  readonly at: number;
  /** Bytes of the whole; null where they are not known. */
  readonly size: number | null;
  /** Some builds of ffmpeg read across it: the clock then jumps there. */
  readonly mayBeRead: boolean;
}

/** Where a second file begins in a file of `size` bytes; null where none does, or it cannot be read. */
export async function findJoint(path: string): Promise<Joint | null> {
  const read = await readThrough(path);
  const joint = read?.finder.found ?? null;
  return read === null || joint === null ? null : { ...joint, size: read.size };
}

/** Null where the file cannot be read, or is not a regular one. */
async function readThrough(
  path: string,
  enough: (finder: JointFinder) => boolean = () => false,
): Promise<{ readonly finder: JointFinder; readonly size: number } | null> {
  const file = await open(path).catch(() => null);
  if (file === null) return null;
  try {
    const about = await file.stat();
    if (!about.isFile()) return null;
    const finder = new JointFinder();
    const block = Buffer.alloc(Math.min(BLOCK, about.size));
    for (let at = 0; at < about.size && finder.joint === null && !enough(finder); at = finder.wanted) {
      finder.skip();
      const { bytesRead } = await file.read(block, 0, Math.min(block.length, finder.searches ? BLOCK : BOX_BLOCK), at);
      if (bytesRead === 0) break;
      finder.push(block.subarray(0, bytesRead));
    }
    return { finder, size: about.size };
  } catch {
    return null;
  } finally {
    await file.close();
  }
}
