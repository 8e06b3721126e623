import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { findFfmpeg } from '../../../src/ingest/ffmpeg/binaries.js';

export interface RtspServer {
  readonly port: number;
  /** How many clients have asked for pictures so far. */
  readonly played: number;
  /** Request lines as they came. */
  readonly requests: readonly string[];
  /** Ends the connections there are. */
  drop(): void;
  close(): void;
}

export interface RtspOptions {
  readonly filter?: string | null;
  readonly password?: boolean;
}

const SDP =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=test\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\n';

/**
 * An RTSP server (RFC 2326, interleaved). With `filter`, it sends the H.264 that a real ffmpeg makes of it. Without, it agrees to everything and then never
 * sends a picture: which makes an unguarded ffmpeg wait for ever. With `password`, it refuses all clients.
 */
export async function rtspServer({ filter = null, password = false }: RtspOptions = {}): Promise<RtspServer> {
  const sockets = new Set<Socket>();
  const playing = new Set<Socket>();
  const requests: string[] = [];
  let played = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      playing.delete(socket);
    });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const request = /[A-Z_]+ rtsp:[^]*/.exec(text.slice(0, end))?.[0] ?? '';
        text = text.slice(end + 4);
        requests.push(request.split('\r\n')[0]!);
        const method = request.split(' ')[0]!;
        const sequence = /CSeq: *(\d+)/i.exec(request)?.[1] ?? '0';
        if (password && method !== 'OPTIONS') {
          socket.write(`RTSP/1.0 401 Unauthorized\r\nCSeq: ${sequence}\r\nWWW-Authenticate: Basic realm="cam"\r\n\r\n`);
          continue;
        }
        socket.write(`RTSP/1.0 200 OK\r\nCSeq: ${sequence}\r\nSession: 1\r\n${answerTo(method)}`);
        if (method !== 'PLAY') continue;
        played++;
        playing.add(socket);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const stopFeed =
    filter === null
      ? null
      : await feed(filter, (packet) => {
          const head = Buffer.from([0x24, 0, packet.length >> 8, packet.length & 0xff]);
          for (const socket of playing) socket.write(Buffer.concat([head, packet]));
        });
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get played() {
      return played;
    },
    requests,
    drop,
    close: () => {
      stopFeed?.();
      server.close();
      drop();
    },
  };
}

/** RTP packets of H.264 as they are encoded. */
async function feed(filter: string, onPacket: (packet: Buffer) => void): Promise<() => void> {
  const inbox = createSocket('udp4', onPacket);
  inbox.bind(0, '127.0.0.1');
  await once(inbox, 'listening');
  const { path } = await findFfmpeg();
  const codec = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-tune',
    'zerolatency',
    '-pix_fmt',
    'yuv420p',
    '-x264-params',
    'keyint=10:repeat-headers=1',
  ];
  const ffmpeg = spawn(
    path,
    [
      '-nostdin',
      '-v',
      'error',
      '-re',
      '-f',
      'lavfi',
      '-i',
      filter,
      ...codec,
      '-f',
      'rtp',
      `rtp://127.0.0.1:${inbox.address().port}?pkt_size=1200`,
    ],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  return () => {
    ffmpeg.kill('SIGKILL');
    inbox.close();
  };
}

function answerTo(method: string): string {
  if (method === 'OPTIONS') return 'Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n';
  if (method === 'DESCRIBE') return `Content-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`;
  if (method === 'SETUP') return 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n';
  return '\r\n';
}
