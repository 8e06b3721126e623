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
type Container = keyof typeof MAGIC | 'mov' | 'mpegts';

/** Bytes from which a beginning is recognised for certain. */
const HEAD_BYTES = 64;
/** The same for transport streams, which begin with nothing but packets. */
const TRANSPORT_HEAD = 2048;
/** Halving finds a byte among 2 ** 64. */
const MOST_SAMPLES = 64;
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
  private readonly transport = new VideoPids();

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
      if (this.container === null && bytes.length < TRANSPORT_HEAD) {
        this.container = undefined;
        this.kept = bytes;
        return;
      }
    }
    if (this.container === 'mov') this.joint = this.boxes.walk(bytes, start);
    else if (this.container === 'mpegts') {
      this.follow(bytes, start);
      return;
    } else if (this.container !== null) this.joint = this.search(bytes, start, this.container);
    this.kept = Buffer.from(bytes.subarray(Math.max(0, bytes.length - HEAD_BYTES)));
  }

  /** Position of the first byte that is of interest, for readers that can skip. */
  get wanted(): number {
    if (this.container === null) return Infinity;
    return this.container === 'mov' ? Math.max(this.position, this.boxes.next) : this.position;
  }

  get found(): Joint | null {
    if (this.container === 'mpegts') {
      const gap = this.transport.handover;
      return gap === null ? null : { at: gap.end, size: null, mayBeRead: false };
    }
    return this.joint === null ? null : { at: this.joint, size: null, mayBeRead: this.container === 'matroska' };
  }

  /** Whether every byte has to be looked at. */
  get searches(): boolean {
    return this.container !== undefined && this.container !== 'mov';
  }

  /** Whether it is enough to look at samples, see `readSamples`. */
  get isTransportStream(): boolean {
    return this.container === 'mpegts';
  }

  /** For a transport stream: reads its end, and nears the place where one video stream takes over from another. */
  async readSamples(size: number, read: (at: number) => Promise<Buffer>): Promise<void> {
    await this.readSample(0, read);
    await this.readSample(Math.max(0, size - BLOCK), read);
    for (let i = 0; i < MOST_SAMPLES; i++) {
      const gap = this.transport.handover;
      if (gap === null || gap.next - gap.end <= BLOCK) return;
      await this.readSample(Math.floor((gap.end + gap.next - BLOCK) / 2), read);
      const now = this.transport.handover;
      if (now?.end === gap.end && now.next === gap.next) return;
    }
  }

  private async readSample(at: number, read: (at: number) => Promise<Buffer>): Promise<void> {
    this.transport.read(await read(at), at);
  }

  /** True once a fragment of an MP4 was seen. */
  get isFragmented(): boolean {
    return this.boxes.isFragmented;
  }

  /** Goes on at `wanted`. */
  skip(): void {
    if (this.wanted === this.position) return;
    this.position = this.wanted;
    this.kept = Buffer.alloc(0);
  }

  private follow(bytes: Buffer, start: number): void {
    const rest = this.transport.read(bytes, start);
    this.kept = Buffer.from(bytes.subarray(bytes.length - rest));
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

/** Bytes of a packet of a transport stream: plain, with time codes (M2TS), with parity. */
const PACKET_BYTES = 188;
const PACKET_SIZES = [PACKET_BYTES, 192, 204];
const SYNC = 0x47;
/** Packets in a row that make sure. */
const PACKETS_SURE = 8;

/** Offset and distance of the packets of a transport stream (ISO/IEC 13818-1); null where these bytes are none. */
function packetsIn(bytes: Buffer): { readonly offset: number; readonly size: number } | null {
  for (const size of PACKET_SIZES) {
    for (let offset = 0; offset < size; offset++) {
      const count = Math.min(PACKETS_SURE, Math.floor((bytes.length - offset) / size));
      if (count === 0) break;
      if (Array.from({ length: count }, (_, i) => bytes[offset + i * size]).every((byte) => byte === SYNC))
        return { offset, size };
    }
  }
  return null;
}

/**
 * Joined transport streams may number their streams differently (their PIDs): ffmpeg then goes on with the first file's video, which has
 * ended. Remembers where each video stream was seen.
 */
class VideoPids {
  /** By PID: position of the first byte, and after the last one. */
  private readonly seen = new Map<number, { from: number; to: number }>();

  /** @returns how many bytes at the end are not yet a whole packet */
  read(bytes: Buffer, start: number): number {
    const packets = packetsIn(bytes);
    if (packets === null) return 0;
    let at = packets.offset;
    for (; at + packets.size <= bytes.length; at += packets.size) this.readPacket(bytes, at, start + at);
    return bytes.length - at;
  }

  private readPacket(bytes: Buffer, at: number, position: number): void {
    if (bytes[at] !== SYNC) return;
    const pid = bytes.readUInt16BE(at + 1) & 0x1fff;
    const known = this.seen.get(pid);
    if (known !== undefined) {
      known.from = Math.min(known.from, position);
      known.to = Math.max(known.to, position + PACKET_BYTES);
    }
    if (known !== undefined || (bytes[at + 1]! & 0x40) === 0) return;
    const payload = at + 4 + ((bytes[at + 3]! & 0x20) !== 0 ? 1 + bytes[at + 4]! : 0);
    if (payload + 4 > at + PACKET_BYTES || bytes.readUIntBE(payload, 3) !== 1) return;
    const isVideo = (bytes[payload + 3]! & 0xf0) === 0xe0;
    if (isVideo) this.seen.set(pid, { from: position, to: position + PACKET_BYTES });
  }

  /** Where all of the first video streams have ended, and another begins; null where none does. */
  get handover(): { readonly end: number; readonly next: number } | null {
    const streams = [...this.seen.values()].sort((a, b) => a.from - b.from);
    let end = streams[0]?.to ?? 0;
    for (const { from, to } of streams) {
      if (from >= end) return { end, next: from };
      end = Math.max(end, to);
    }
    return null;
  }
}

function containerOf(head: Buffer): Container | null {
  if (head.length < 16) return null;
  if (head.subarray(0, 4).equals(MAGIC.flv) && head.readUInt32BE(5) === 9) return 'flv';
  if (head.subarray(0, 16).equals(MAGIC.asf)) return 'asf';
  if (head.subarray(0, 4).equals(MAGIC.matroska) && /webm|matroska/.test(head.toString('latin1'))) return 'matroska';
  if (/^(ftyp|moov|mdat|wide|free|skip)$/.test(head.toString('latin1', 4, 8))) return 'mov';
  return head.length >= TRANSPORT_HEAD && packetsIn(head) !== null ? 'mpegts' : null;
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
      if (!finder.isTransportStream) continue;
      await finder.readSamples(about.size, async (from) => {
        const sample = await file.read(block, 0, block.length, from);
        return block.subarray(0, sample.bytesRead);
      });
      break;
    }
    return { finder, size: about.size };
  } catch {
    return null;
  } finally {
    await file.close();
  }
}
