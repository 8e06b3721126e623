import { connect } from 'node:net';

/**
 * Sends bytes to a port and resolves with the answer when the other side closes, `patience` milliseconds have passed, or the answer is `enough`.
 */
export async function rawExchange(
  port: number,
  bytes: string | Uint8Array,
  patience = 30_000,
  enough?: RegExp,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    const timer = setTimeout(done, patience);
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (enough?.test(text) === true) done();
    });
    socket.on('error', done);
    socket.on('close', done);
  });
}

/** A request as text; `headers` over those that a browser would send. */
export function requestText(line: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = { Host: 'localhost', Connection: 'close', ...headers };
  return `${line} HTTP/1.1\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
}

export function upgradeText(path: string, headers: Readonly<Record<string, string>> = {}): string {
  return requestText(`GET ${path}`, {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  });
}

export function statusOf(response: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(response)?.[1] ?? NaN);
}
