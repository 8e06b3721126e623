import type { HelloMessage, ServerMessage } from '../../src/stream/protocol/messages.js';
import type { Socket } from '../../src/stream/client/client-options.js';

type Listener = (event: never) => void;

/** A WebSocket without a network: the test plays the server's part. */
export class FakeSocket implements Socket {
  static all: FakeSocket[] = [];
  static get latest(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }

  binaryType = 'blob';
  readonly sent: (string | Uint8Array | Blob)[] = [];
  closedWith: number | null = null;
  private readonly listeners = new Map<string, Listener[]>();

  constructor(readonly address: string) {
    FakeSocket.all.push(this);
  }

  send(data: string | Uint8Array | Blob): void {
    this.sent.push(data);
  }

  close(code = 1000): void {
    this.closedWith = code;
  }

  addEventListener(type: string, listener: Listener): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  says(message: ServerMessage | string | ArrayBuffer): void {
    this.fire('message', {
      data: typeof message === 'string' || message instanceof ArrayBuffer ? message : JSON.stringify(message),
    });
  }

  breaks(code = 1006, reason = ''): void {
    this.fire('close', { code, reason });
  }

  private fire(type: string, event: object): void {
    for (const listener of this.listeners.get(type) ?? []) listener(event as never);
  }
}

export function helloMessage(
  limits: Partial<HelloMessage['limits']> = {},
  labels: readonly string[] = ['neutral', 'happiness', 'surprise'],
): HelloMessage {
  return {
    type: 'hello',
    protocol: 1,
    role: 'producer',
    session: 'one',
    ferstream: '0.1.0',
    model: { name: 'face-api', version: '1', labels },
    engine: { backend: 'wasm', device: null },
    limits: { messageBytes: 512 * 1024, pixels: 1920 * 1080, framesInFlight: 2, messagesPerSecond: 1000, ...limits },
  };
}
