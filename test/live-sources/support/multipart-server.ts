import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';

/** A camera that sends JPEGs over HTTP, controlled by the test. */
export interface MultipartCamera {
  readonly port: number;
  readonly requests: readonly IncomingMessage[];
  /** JPEGs sent so far, over all connections. */
  readonly sent: number;
  /** Pixels of the pictures from now on. */
  size: readonly [width: number, height: number];
  /** True: connections stay open, nothing is sent. */
  silent: boolean;
  /** Status of answers to new requests, 200 to send pictures. */
  status: number;
  /** Ends the connections there are. */
  drop(): void;
  /** Stops and starts listening on the same port. */
  stop(): Promise<void>;
  restart(): Promise<void>;
}

const LEVELS = 28;

/** Grey levels of the left and the right half of picture `n`: digits of its number that JPEG leaves readable. */
function greysOf(n: number): readonly [left: number, right: number] {
  return [16 + 8 * (n % LEVELS), 16 + 8 * (Math.floor(n / LEVELS) % LEVELS)];
}

/** The number of a picture of the camera, which begins at 0 again after 784. @param rgb its pixels, three bytes each */
export function numberOf(rgb: Uint8Array, width: number, height: number): number {
  const digit = (x: number): number => Math.round((rgb[((height >> 1) * width + x) * 3]! - 16) / 8);
  return digit(width >> 2) + LEVELS * digit(width - (width >> 2));
}

export async function multipartCamera(framesPerSecond = 25): Promise<MultipartCamera> {
  const open = new Set<ServerResponse>();
  const requests: IncomingMessage[] = [];
  const pictures = new Map<string, Promise<Buffer>>();
  let sent = 0;
  const server = createServer((request, response) => {
    requests.push(request);
    if (camera.status !== 200) {
      response.writeHead(camera.status).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' });
    response.flushHeaders();
    open.add(response);
    response.once('close', () => open.delete(response));
  });

  const jpeg = (width: number, height: number, [left, right]: readonly [number, number]): Promise<Buffer> => {
    const key = `${width} ${height} ${left} ${right}`;
    const pixels = (): Buffer =>
      Buffer.from(Array.from({ length: width * height }, (_, i) => (i % width < width / 2 ? left : right)));
    const made =
      pictures.get(key) ??
      sharp(pixels(), { raw: { width, height, channels: 1 } })
        .toColourspace('srgb')
        .jpeg()
        .toBuffer();
    pictures.set(key, made);
    return made;
  };
  const ticker = setInterval(() => {
    if (camera.silent || open.size === 0) return;
    const n = sent++;
    const [width, height] = camera.size;
    void jpeg(width, height, greysOf(n)).then((bytes) => {
      for (const response of open) {
        response.write(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${bytes.length}\r\n\r\n`);
        response.write(bytes);
        response.write('\r\n');
      }
    });
  }, 1000 / framesPerSecond);
  ticker.unref();

  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;

  const camera: MultipartCamera = {
    port,
    requests,
    get sent() {
      return sent;
    },
    size: [160, 120],
    silent: false,
    status: 200,
    drop: () => {
      for (const response of open) response.destroy();
    },
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    restart: () => listen(port),
  };
  return camera;
}
