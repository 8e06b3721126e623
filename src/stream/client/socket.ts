import { FerError } from '../../errors/fer-error.js';

/** What the client needs of a WebSocket: a browser's own fits, and that of the npm package ws. */
export interface Socket {
  binaryType: string;
  send(data: string | Uint8Array<ArrayBuffer> | Blob): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}

export type SocketClass = new (address: string) => Socket;

/**
 * The class to connect with.
 * @throws FerError CONFIG_INVALID where there is none: Node has a WebSocket of its own from version 22 on
 */
export function socketClass(given: SocketClass | undefined): SocketClass {
  const found = given ?? (globalThis as { WebSocket?: SocketClass }).WebSocket;
  if (found === undefined) {
    throw new FerError(
      'CONFIG_INVALID',
      "there is no WebSocket here: npm install ws, import { WebSocket } from 'ws', and pass { WebSocket } as an option",
    );
  }
  return found;
}
