import type { SocketClass } from './socket.js';

export interface LiveClientOptions {
  /** As in `http://HOST:PORT/#token=...`, when the server wants one. */
  readonly token?: string | undefined;
  /** Default: the WebSocket that browsers, and Node from version 22 on, have. In Node 20: the one of the npm package ws. */
  readonly WebSocket?: SocketClass | undefined;
  /** True: results come with the 68 landmarks of every face. */
  readonly landmarks?: boolean | undefined;
}

export function commonQuery({ token, landmarks }: LiveClientOptions): Record<string, string | undefined> {
  return { token, landmarks: landmarks === true ? '1' : undefined };
}
