import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/**
 * An RTSP server (RFC 2326) that agrees to everything and then never sends a picture: what makes an ffmpeg that nobody minds wait for ever.
 * With `password`, it asks for one first, and refuses every one.
 */
export async function idleRtspServer({ password = false } = {}): Promise<{ readonly port: number; readonly playing: () => boolean; close(): void }> {
  const sockets = new Set<Socket>();
  let playing = false;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const request = text.slice(0, end);
        text = text.slice(end + 4);
        const method = request.split(' ')[0]!;
        const sequence = /CSeq: *(\d+)/i.exec(request)?.[1] ?? '0';
        if (password && method !== 'OPTIONS') {
          socket.write(`RTSP/1.0 401 Unauthorized\r\nCSeq: ${sequence}\r\nWWW-Authenticate: Basic realm="cam"\r\n\r\n`);
          continue;
        }
        if (method === 'PLAY') playing = true;
        socket.write(`RTSP/1.0 200 OK\r\nCSeq: ${sequence}\r\nSession: 1\r\n${answerTo(method)}`);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port, playing: () => playing, close };
}

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=idle\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=control:track1\r\n';

function answerTo(method: string): string {
  if (method === 'OPTIONS') return 'Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n';
  if (method === 'DESCRIBE') return `Content-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`;
  if (method === 'SETUP') return 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n';
  return '\r\n';
}
