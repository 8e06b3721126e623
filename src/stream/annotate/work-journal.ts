import { open, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import type { Networks } from '../pipeline/networks.js';

type PipelineNetworks = Pick<Networks, 'faces' | 'model' | 'encoder'>;

/** Bytes gathered before a write to the disk. */
const CHUNK = 256 * 1024;
/** Milliseconds after which gathered records are written, checked at each record: about what a killed run loses. */
const DELAY = 1000;
/** Bytes before each record: its length and checksum. */
const HEAD = 8;
const LARGEST = 64 * 1024 * 1024;

/**
 * What the networks answered while an input is annotated, on the disk. A run that was stopped or killed is resumed by annotating again from the start
 * with the answers of the journal, in place of the networks: all state (tracks, identities, smoothing) comes to be as it was, and the results are the
 * same to the byte. Only decoding is done twice.
 */
export class WorkJournal {
  private readonly pending = new Map<string, unknown>();
  private readonly counts = new Map<string, number>();
  private buffer: Buffer[] = [];
  private gathered = 0;
  private flushedAt = performance.now();
  private writing: Promise<void> = Promise.resolve();
  private reading: Promise<unknown> = Promise.resolve();
  private isBroken = false;

  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    /** Where the next record is read, and where the known ones end. */
    private readAt: number,
    private readonly end: number,
    private writeAt: number,
    /** Answers that an earlier run left. */
    readonly known: number,
  ) {}

  /**
   * Opens the journal of an earlier run, if it is of the same work, or begins one.
   * @param identity of all that decides on the answers: input, settings, engine, versions
   * @returns null where none can be kept
   */
  static async open(path: string, identity: string): Promise<WorkJournal | null> {
    const header = Buffer.from(`${JSON.stringify({ type: 'ferstream-journal', version: 1, identity })}\n`);
    try {
      const file = await open(path, (await isThere(path)) ? 'r+' : 'w+');
      const start = Buffer.alloc(header.length);
      await file.read(start, 0, header.length, 0);
      if (!start.equals(header)) {
        await file.truncate(0);
        await file.write(header, 0, header.length, 0);
        return new WorkJournal(path, file, header.length, header.length, header.length, 0);
      }
      const { end, records } = await scan(file, header.length);
      // What a killed run had begun to write is dropped.
      await file.truncate(end);
      return new WorkJournal(path, file, header.length, end, end, records);
    } catch {
      return null;
    }
  }

  /** The networks, answering from the journal first. */
  networks({ faces, model, encoder }: PipelineNetworks): PipelineNetworks {
    return {
      faces: {
        ...faces,
        detector: this.wrap(faces.detector, 'detect'),
        presence: this.wrap(faces.presence, 'probabilities'),
        landmarks: this.wrap(faces.landmarks, 'locate'),
        embedding: this.wrap(faces.embedding, 'embed'),
      },
      model: this.wrap(model, 'classify'),
      encoder: this.wrap(encoder, 'encode'),
    };
  }

  /** Keeps the journal for the next run. */
  async close(): Promise<void> {
    this.flush();
    await this.writing;
    await this.file.close().catch(() => undefined);
  }

  async remove(): Promise<void> {
    this.isBroken = true;
    await this.close();
    await rm(this.path, { force: true });
  }

  private wrap<T extends object>(target: T, method: keyof T & string): T {
    return new Proxy(target, {
      get: (object, key) => {
        const value: unknown = Reflect.get(object, key, object);
        if (typeof value !== 'function') return value;
        const call = value as (...args: unknown[]) => unknown;
        if (key !== method) return call.bind(object);
        return (...args: unknown[]) => this.answer(method, () => call.apply(object, args));
      },
    });
  }

  /** Calls are numbered as they are made, which is the same in every run: each stage of the pipeline calls in sequence. */
  private async answer(method: string, ask: () => unknown): Promise<unknown> {
    const number = this.counts.get(method) ?? 0;
    this.counts.set(method, number + 1);
    const key = `${method} ${number}`;
    const known = await this.take(key);
    if (known !== undefined) return known;
    const result = await ask();
    await this.write(key, result);
    return result;
  }

  /** Records come nearly in the order of the calls; those of other stages wait. */
  private take(key: string): Promise<unknown> {
    const taken = this.reading.then(async () => {
      while (!this.pending.has(key) && this.readAt < this.end) {
        const record = await readRecord(this.file, this.readAt, this.end);
        if (record === null) {
          this.readAt = this.end;
          break;
        }
        this.readAt += HEAD + record.length;
        const [name, result] = deserialize(record) as [string, unknown];
        this.pending.set(name, result);
      }
      const result = this.pending.get(key);
      this.pending.delete(key);
      return result;
    });
    this.reading = taken.catch(() => undefined);
    return taken;
  }

  private async write(key: string, result: unknown): Promise<void> {
    if (this.isBroken) return;
    const record = serialize([key, result]);
    const head = Buffer.alloc(HEAD);
    head.writeUInt32LE(record.length, 0);
    head.writeUInt32LE(crc32(record), 4);
    this.buffer.push(head, record);
    this.gathered += HEAD + record.length;
    if (this.gathered < CHUNK && performance.now() - this.flushedAt < DELAY) return;
    this.flush();
    await this.writing;
  }

  private flush(): void {
    if (this.isBroken || this.gathered === 0) return;
    const bytes = Buffer.concat(this.buffer);
    const at = this.writeAt;
    this.writeAt += bytes.length;
    this.buffer = [];
    this.gathered = 0;
    this.flushedAt = performance.now();
    this.writing = this.writing.then(async () => {
      // A full disk costs the resuming, not the results.
      await this.file.write(bytes, 0, bytes.length, at).catch(() => {
        this.isBroken = true;
      });
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** The record at this place, without its head; null if it is incomplete or damaged. */
async function readRecord(file: FileHandle, at: number, end: number): Promise<Buffer | null> {
  if (at + HEAD > end) return null;
  const head = Buffer.alloc(HEAD);
  await file.read(head, 0, HEAD, at);
  const length = head.readUInt32LE(0);
  if (length === 0 || length > LARGEST || at + HEAD + length > end) return null;
  const record = Buffer.alloc(length);
  await file.read(record, 0, length, at + HEAD);
  return crc32(record) === head.readUInt32LE(4) ? record : null;
}

async function scan(file: FileHandle, start: number): Promise<{ end: number; records: number }> {
  const { size } = await file.stat();
  let [end, records] = [start, 0];
  for (;;) {
    const record = await readRecord(file, end, size);
    if (record === null) return { end, records };
    end += HEAD + record.length;
    records += 1;
  }
}
