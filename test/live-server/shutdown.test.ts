import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRODUCE_PATH, WATCH_PATH } from '../../src/stream/protocol/messages.js';
import { openLiveServer } from '../../src/stream/server/live-server.js';
import { FakeLiveEngine } from '../support/fake-live-engine.js';
import { FakeLiveSource } from '../support/fake-live-source.js';
import { startServer } from '../support/live-server.js';
import { runInChild, sourceUrl } from '../support/run-in-child.js';
import { scratchDir } from '../support/scratch.js';

describe('closing the server', () => {
  it('tells all clients, stops sessions and source, and may be called twice', async () => {
    const source = new FakeLiveSource();
    const { server, connect, engine } = await startServer({ source }, { work: 50 });
    const [producer, viewer] = [await connect(PRODUCE_PATH), await connect(WATCH_PATH)];
    await Promise.all([producer.ask(1), viewer.next('result')]);
    producer.sendFrame(2);
    await Promise.all([server.close(), server.close()]);
    for (const client of [producer, viewer]) {
      expect(await client.end()).toEqual({ code: 1001, reason: 'SHUTTING_DOWN' });
      expect(client.messages.at(-1)).toMatchObject({ type: 'error', code: 'SHUTTING_DOWN', fatal: true });
      expect(client.misfits).toEqual([]);
    }
    expect(engine.sessions.size).toBe(0);
    expect(source.running).toBe(0);
    await expect(connect(PRODUCE_PATH)).rejects.toThrow('ECONNREFUSED');
    await server.close();
  });

  it('does not wait for silent clients, half-open connections or unfinished requests', async () => {
    const { server, connect } = await startServer({ source: new FakeLiveSource() });
    const sleeper = await connect(WATCH_PATH);
    sleeper.socket.pause();
    const half = connectTcp(server.port, '127.0.0.1');
    half.on('error', () => undefined);
    half.write('GET / HTTP/1.1\r\n');
    // It would wait half a minute for the client, and for ever for the request.
    const start = performance.now();
    await server.close();
    expect(performance.now() - start).toBeLessThan(25_000);
  });

  it('shows in /healthz, and refuses new connections', async () => {
    const { server, connect } = await startServer();
    const sleeper = await connect(PRODUCE_PATH);
    sleeper.socket.pause();
    const closed = server.close();
    const response = await fetch(`${server.url}/healthz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ ok: false, closing: true });
    await expect(connect(PRODUCE_PATH)).rejects.toThrow('503');
    await closed;
  });

  it('leaves nothing that keeps the process running', async () => {
    const script = `
      const { openLiveServer } = await import(${JSON.stringify(sourceUrl('src/stream/server/live-server.ts'))});
      const { FakeLiveEngine } = await import(${JSON.stringify(sourceUrl('test/support/fake-live-engine.ts'))});
      const { FakeLiveSource } = await import(${JSON.stringify(sourceUrl('test/support/fake-live-source.ts'))});
      const { LiveClient } = await import(${JSON.stringify(sourceUrl('test/support/live-client.ts'))});
      const server = await openLiveServer(new FakeLiveEngine(), { port: 0, source: new FakeLiveSource() });
      const viewer = await LiveClient.connect(server.url + '/v1/watch?frames=1');
      await viewer.next('result', 3);
      const producer = await LiveClient.connect(server.url + '/v1/produce');
      await producer.ask(1);
      await (await fetch(server.url + '/metrics')).text();
      await server.close();
      const late = setTimeout(() => { report(process.getActiveResourcesInfo()); process.exit(3); }, 30_000);
      late.unref();
      report('closed');
    `;
    const { reported, exitCode, stderr } = await runInChild(script, { cwd: await scratchDir() });
    expect([reported, exitCode, stderr]).toEqual(['closed', 0, '']);
  });

  it('leaves no timers when it could not open', async () => {
    const { server } = await startServer();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await expect(openLiveServer(new FakeLiveEngine(), { port: server.port })).rejects.toThrow('in use');
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe('with a certificate', () => {
  it('serves https and wss', async () => {
    const folder = await scratchDir();
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    await promisify(execFile)('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    ]);
    const tls = { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
    const { server, connect } = await startServer({ tls });
    expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
    const client = await connect(PRODUCE_PATH, { ca: tls.cert, headers: { Origin: server.url } });
    expect(await client.ask(1)).toMatchObject({ type: 'result' });
    const foreign = await connect(PRODUCE_PATH, {
      ca: tls.cert,
      headers: { Origin: server.url.replace('https', 'http') },
    });
    expect(await foreign.end()).toMatchObject({ code: 4403 });
    const idle = connectTcp(server.port, '127.0.0.1');
    idle.on('error', () => undefined);
    await new Promise<void>((resolve) => idle.once('connect', resolve));
    // Does not wait for the connection that says nothing.
    await server.close();
  });
});
