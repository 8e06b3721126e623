import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import { encodeFrameHeader } from '../../src/stream/protocol/messages.js';
import type { ServerMessage } from '../../src/stream/protocol/messages.js';

const schemaFile = new URL('../../docs/schema/live-protocol.schema.json', import.meta.url);
const schema = z.fromJSONSchema(JSON.parse(readFileSync(schemaFile, 'utf8')) as Parameters<typeof z.fromJSONSchema>[0]);

type Kind = ServerMessage['type'];
type MessageOf<K extends Kind> = Extract<ServerMessage, { type: K }>;

/** A frame whose picture begins like a JPEG. */
export function frameBytes(sequence: number, jpeg: Uint8Array = new Uint8Array([0xff, 0xd8, 1, 2])): Uint8Array {
  return Buffer.concat([encodeFrameHeader({ sequence, captureTime: 1000 + sequence }), jpeg]);
}

/** A real WebSocket client that keeps all it gets, and checks the messages against the JSON Schema in docs. */
export class LiveClient {
  readonly messages: ServerMessage[] = [];
  readonly pictures: Uint8Array[] = [];
  /** Both kinds in the order they came. */
  readonly order: (Kind | 'picture')[] = [];
  /** Messages that do not fit the schema. */
  readonly misfits: string[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;
  private longTexts = 0;
  private waiters: (() => void)[] = [];
  private readonly ended: Promise<{ readonly code: number; readonly reason: string }>;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => {
      if (isBinary) {
        this.pictures.push(data as Buffer);
        this.order.push('picture');
      } else {
        const text = (data as Buffer).toString();
        const message = JSON.parse(text) as ServerMessage;
        if (this.isToBeChecked(text) && !schema.safeParse(message).success) this.misfits.push(text);
        this.messages.push(message);
        this.order.push(message.type);
      }
      this.wake();
    });
    this.ended = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.closed = { code, reason: reason.toString() };
        this.wake();
        resolve(this.closed);
      });
    });
    socket.on('error', () => undefined);
  }

  /** Resolves when the WebSocket is open. @param url http(s) address with path and query */
  static async connect(url: string, options: ClientOptions = {}): Promise<LiveClient> {
    const client = new LiveClient(new WebSocket(url.replace(/^http/, 'ws'), options));
    await new Promise<void>((resolve, reject) => {
      client.socket.once('open', resolve);
      client.socket.once('error', reject);
    });
    return client;
  }

  of<K extends Kind>(type: K): MessageOf<K>[] {
    return this.messages.filter((message): message is MessageOf<K> => message.type === type);
  }

  /** The `n`-th message of a type, waited for. */
  async next<K extends Kind>(type: K, n = 1): Promise<MessageOf<K>> {
    await this.until(() => this.of(type).length >= n, `${n} x ${type}`);
    return this.of(type)[n - 1]!;
  }

  async until(condition: () => boolean, what: string, patience = 60_000): Promise<void> {
    const end = performance.now() + patience;
    while (!condition()) {
      if (performance.now() > end)
        throw new Error(
          `waited ${patience} ms for ${what}; got ${JSON.stringify(this.messages.slice(-5))}, closed: ${JSON.stringify(this.closed)}`,
        );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50);
        this.waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  sendFrame(sequence: number, jpeg?: Uint8Array): void {
    this.socket.send(frameBytes(sequence, jpeg));
  }

  /** Sends one frame and waits for what becomes of it. */
  async ask(sequence: number): Promise<ServerMessage> {
    this.sendFrame(sequence);
    const isAnswer = (message: ServerMessage): boolean => 'sequence' in message && message.sequence === sequence;
    await this.until(() => this.messages.some(isAnswer), `an answer to frame ${sequence}`);
    return this.messages.find(isAnswer)!;
  }

  /** How the connection ended, waited for. */
  async end(): Promise<{ readonly code: number; readonly reason: string }> {
    return this.ended;
  }

  async leave(): Promise<void> {
    this.socket.close();
    await this.ended;
  }

  /** Checking a hundred landmarked faces takes longer than anything else here, so only the first few messages of that kind are. */
  private isToBeChecked(text: string): boolean {
    if (text.length > 50_000) this.longTexts += 1;
    return text.length <= 50_000 || this.longTexts <= 5;
  }

  private wake(): void {
    for (const wake of this.waiters.splice(0)) wake();
  }
}
