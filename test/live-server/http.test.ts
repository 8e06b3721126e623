import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { PRODUCE_PATH, WATCH_PATH } from '../../src/stream/protocol/messages.js';
import { shippedPage } from '../../src/stream/server/static-files.js';
import { FakeLiveSource } from '../support/fake-live-source.js';
import { metric, startServer } from '../support/live-server.js';
import { rawExchange, requestText, statusOf } from '../support/raw-http.js';
import { scratchDir } from '../support/scratch.js';
import { writeTree } from '../support/write-tree.js';

async function webFolder(): Promise<string> {
  const outside = await scratchDir();
  const folder = join(outside, 'web');
  await mkdir(join(folder, 'assets'), { recursive: true });
  await writeFile(join(outside, 'secret.js'), 'secret');
  await writeFile(join(folder, 'index.html'), '<p>page');
  await writeFile(join(folder, 'overlay.html'), '<p>overlay');
  await writeFile(join(folder, 'assets/page-x1.js'), 'page()');
  await writeFile(join(folder, '.env'), 'secret');
  await writeFile(join(folder, 'notes.txt'), 'secret');
  await symlink(join(outside, 'secret.js'), join(folder, 'link.js'));
  return folder;
}

describe('the page', () => {
  it('is served with its files and their types, under a strict content security policy', async () => {
    const { server } = await startServer({ webFolder: await webFolder() });
    const get = async (path: string) => {
      const response = await fetch(server.url + path);
      return [response.status, response.headers.get('content-type'), await response.text()];
    };
    expect(await get('/')).toEqual([200, 'text/html; charset=utf-8', '<p>page']);
    expect(await get('/?token=abc')).toEqual([200, 'text/html; charset=utf-8', '<p>page']);
    expect(await get('/overlay')).toEqual([200, 'text/html; charset=utf-8', '<p>overlay']);
    expect(await get('/assets/page-x1.js')).toEqual([200, 'text/javascript; charset=utf-8', 'page()']);
    const { headers } = await fetch(server.url);
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("connect-src 'self' ws: wss:");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('permissions-policy')).toContain('camera=(self)');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('is not sent again while unchanged', async () => {
    const { server } = await startServer({ webFolder: await webFolder() });
    const first = await fetch(server.url);
    expect(first.headers.get('cache-control')).toBe('no-cache');
    const again = await rawExchange(server.port, requestText('GET /', { 'If-None-Match': first.headers.get('etag')! }));
    expect(statusOf(again)).toBe(304);
    expect(again).not.toContain('<p>page');
    expect(again.toLowerCase()).toContain(`\r\ncontent-length: ${first.headers.get('content-length')!}\r\n`);
    const other = await fetch(server.url, { headers: { 'If-None-Match': '"other"' } });
    expect(other.status).toBe(200);
  });

  it('is all that is served: no path leads out of its folder', async () => {
    const { server } = await startServer({ webFolder: await webFolder() });
    const paths = [
      '/secret.js',
      '/../secret.js',
      '/assets/../../secret.js',
      '/%2e%2e/secret.js',
      '/..%2fsecret.js',
      '/assets/..%5c..%5csecret.js',
      '//secret.js',
      '/link.js',
      '/.env',
      '/notes.txt',
      '/assets',
      '/assets/',
      '/index.html/',
      '/%00',
      '/constructor',
      '/__proto__',
    ];
    for (const path of paths) {
      const response = await rawExchange(server.port, requestText(`GET ${path}`));
      expect([path, statusOf(response), response.includes('secret\r\n') || response.endsWith('secret')]).toEqual([
        path,
        404,
        false,
      ]);
    }
  });

  it('is read-only', async () => {
    const { server } = await startServer({ webFolder: await webFolder() });
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
      const response = await rawExchange(server.port, requestText(`${method} /`));
      expect([method, statusOf(response)]).toEqual([method, 405]);
      expect(response).toContain('Allow: GET, HEAD');
    }
    const head = await fetch(server.url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '7', '']);
  });

  it('is that of ferstream, where it is built, unless another one or none is wanted', async () => {
    const { server } = await startServer();
    expect((await fetch(server.url)).status).toBe(shippedPage() === null ? 404 : 200);
    const { server: bare } = await startServer({ webFolder: null });
    expect((await fetch(bare.url)).status).toBe(404);
    const folder = await scratchDir();
    const from = pathToFileURL(join(folder, 'stream', 'server', 'static-files.js'));
    expect(shippedPage(from)).toBeNull();
    await writeTree(folder, { 'dist/stream/web/index.html': 'page' });
    expect(shippedPage(pathToFileURL(join(folder, 'src', 'stream', 'server', 'static-files.ts')))).toBe(
      join(folder, 'dist', 'stream', 'web'),
    );
    await writeTree(folder, { 'stream/web/index.html': 'page' });
    expect(shippedPage(from)).toBe(join(folder, 'stream', 'web'));
  });
});

describe('/healthz', () => {
  it('reports connections, engine and source', async () => {
    const { server, connect } = await startServer({ source: new FakeLiveSource() });
    const client = await connect(WATCH_PATH);
    await client.next('result');
    await (await connect(PRODUCE_PATH)).next('hello');
    const response = await fetch(`${server.url}/healthz`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(await response.json()).toMatchObject({
      ok: true,
      closing: false,
      sessions: { producers: 1, viewers: 1 },
      engine: { backend: 'none', device: null, alive: true, load: 0.25 },
      model: 'fake',
      source: { name: 'fake camera', state: 'running', detail: null },
    });
  });

  it('is 503 when the engine does not answer', async () => {
    const { server, engine } = await startServer();
    engine.dead = true;
    const response = await fetch(`${server.url}/healthz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ ok: false, engine: { alive: false } });
  });
});

describe('/metrics', () => {
  it('counts frames of each kind, sessions, latency, and process metrics', async () => {
    const { server, connect } = await startServer({ source: new FakeLiveSource() });
    const producer = await connect(PRODUCE_PATH);
    await producer.ask(1);
    producer.sendFrame(2, new Uint8Array([1]));
    await producer.next('error');
    await (await connect(WATCH_PATH)).next('result', 3);
    expect(await metric(server.url, 'ferstream_frames_received_total{role="producer"}')).toBe(2);
    expect(await metric(server.url, 'ferstream_frames_answered_total{role="producer"}')).toBe(1);
    expect(await metric(server.url, 'ferstream_frames_refused_total{role="producer"}')).toBe(1);
    expect(await metric(server.url, 'ferstream_frames_answered_total{role="viewer"}')).toBeGreaterThanOrEqual(3);
    expect(await metric(server.url, 'ferstream_sessions{role="viewer"}')).toBe(1);
    expect(await metric(server.url, 'ferstream_frame_seconds_count{role="producer"}')).toBe(1);
    expect(await metric(server.url, 'ferstream_engine_load')).toBe(0.25);
    expect(await metric(server.url, 'ferstream_engine_tensors')).toBe(7);
    expect(await metric(server.url, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
    const { headers } = await fetch(`${server.url}/metrics`);
    expect(headers.get('content-type')).toContain('text/plain; version=0.0.4');
  });

  it('belongs to one server', async () => {
    const [one, two] = [await startServer(), await startServer()];
    await (await one.connect(PRODUCE_PATH)).ask(1);
    expect(await metric(one.server.url, 'ferstream_frames_received_total{role="producer"}')).toBe(1);
    expect(await metric(two.server.url, 'ferstream_frames_received_total{role="producer"}')).toBeNaN();
  });
});

describe('idle connections', () => {
  it('are closed: a request that is never finished', async () => {
    const { server } = await startServer();
    const [silent, slow] = await Promise.all([
      rawExchange(server.port, '', 60_000),
      rawExchange(server.port, 'GET / HTTP/1.1\r\nHost: localhost\r\n', 60_000),
    ]);
    expect([statusOf(silent), statusOf(slow)]).toEqual([408, 408]);
  });

  it('are limited to a few hundred', async () => {
    const { server, connect } = await startServer();
    const sockets = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const socket = connectTcp(server.port, '127.0.0.1');
        socket.on('error', () => undefined);
        await new Promise<void>((resolve) => socket.once('connect', resolve));
        return socket;
      }),
    );
    const open = () => sockets.filter((socket) => !socket.closed).length;
    await expect.poll(open, { timeout: 60_000 }).toBeLessThanOrEqual(256);
    expect(open()).toBeGreaterThan(200);
    for (const socket of sockets) socket.destroy();
    // There is room as soon as the server has seen that they are gone.
    const client = await vi.waitFor(() => connect(PRODUCE_PATH), { timeout: 60_000 });
    expect(await client.ask(1)).toMatchObject({ type: 'result' });
  });

  it('are closed: endless headers', async () => {
    const { server } = await startServer();
    expect(statusOf(await rawExchange(server.port, requestText('GET /', { 'X-Long': 'x'.repeat(20_000) })))).toBe(431);
  });
});
