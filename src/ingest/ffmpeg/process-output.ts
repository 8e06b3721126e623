import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** Takes what a process writes. */
export interface ByteConsumer {
  /**
   * @param chunk valid during the call
   * @returns false to have the process wait until `resume` is called
   */
  push(chunk: Uint8Array): boolean;
  /** No more bytes come. */
  end(): void;
}

/** Bytes read at a time: what a socket holds. */
const BUFFER_BYTES = 1 << 18;

/**
 * A process' standard output, read into one buffer. The stream that Node offers allocates memory for every 64 KB; at the rate of raw video this has
 * the garbage collector run all the time, over everything that is loaded. Hence a socket of our own. Where none can be made (Windows, no
 * place for temporary files), Node's stream does.
 */
export class ProcessOutput {
  private readable: Pick<Readable, 'resume'> | null;
  private isOver = false;

  private constructor(
    private readonly consumer: ByteConsumer,
    private readonly pair: SocketPair | null,
  ) {
    this.readable = pair?.ours ?? null;
    pair?.ours.once('close', () => {
      this.end();
    });
  }

  static async open(consumer: ByteConsumer): Promise<ProcessOutput> {
    const pair = await socketPair((chunk) => consumer.push(chunk)).catch(() => null);
    return new ProcessOutput(consumer, pair);
  }

  /** What to start the process with, as its standard output. */
  get stdio(): Socket | 'pipe' {
    return this.pair?.theirs ?? 'pipe';
  }

  /** Begins to read. @param stdout of the process that was started with `stdio` */
  attach(stdout: Readable | null): void {
    this.pair?.theirs.destroy(); // the process has its own copy
    if (stdout === null) return;
    this.readable = stdout;
    stdout.on('data', (chunk: Uint8Array) => {
      if (!this.isOver && !this.consumer.push(chunk)) stdout.pause();
    });
    stdout.once('close', () => {
      this.end();
    });
  }

  /** After `push` returned false. */
  resume(): void {
    this.readable?.resume();
  }

  /** Reads nothing more. What the process still has to say is thrown away. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.pair?.theirs.destroy();
    this.pair?.ours.destroy();
    this.resume();
    this.consumer.end();
  }
}

interface SocketPair {
  readonly ours: Socket;
  readonly theirs: Socket;
}

/** Two sockets that are connected with each other. @param push returns false to pause */
async function socketPair(push: (chunk: Uint8Array) => boolean): Promise<SocketPair> {
  if (process.platform === 'win32') throw new Error('its named pipes are no standard output');
  const folder = await mkdtemp(join(tmpdir(), 'ferstream-'));
  const server = createServer({ pauseOnConnect: true });
  try {
    const path = join(folder, 'output');
    server.listen(path);
    await once(server, 'listening');
    const buffer = new Uint8Array(BUFFER_BYTES);
    const ours = connect({
      path,
      onread: { buffer, callback: (length) => push(buffer.subarray(0, length)) },
    });
    ours.on('error', () => undefined); // "close" follows
    const [[theirs]] = (await Promise.all([once(server, 'connection'), once(ours, 'connect')])) as [[Socket], unknown];
    theirs.on('error', () => undefined);
    return { ours, theirs };
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}
