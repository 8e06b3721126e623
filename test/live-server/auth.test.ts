import { describe, expect, it } from 'vitest';
import { FerError } from '../../src/errors/fer-error.js';
import { PRODUCE_PATH, WATCH_PATH } from '../../src/stream/protocol/messages.js';
import { openLiveServer } from '../../src/stream/server/live-server.js';
import type { LiveServerOptions } from '../../src/stream/server/live-server-options.js';
import { FakeLiveEngine } from '../support/fake-live-engine.js';
import { FakeLiveSource } from '../support/fake-live-source.js';
import { startServer } from '../support/live-server.js';
import { rawExchange, requestText, statusOf, upgradeText } from '../support/raw-http.js';

const TOKEN = 'opensesame42';
/** The first message over a WebSocket: enough of an answer. */
const ANSWER = /"type":"(hello|error)"[^]*\}/;
const PATIENCE = 60_000;

async function refusal(options: unknown): Promise<FerError> {
  const error: unknown = await openLiveServer(new FakeLiveEngine(), options as LiveServerOptions).catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(FerError);
  return error as FerError;
}

describe('the token', () => {
  it.each([
    ['none', '', {}],
    ['a wrong one', '?token=opensesame43', {}],
    ['an empty one', '?token=', {}],
    ['a wrong header', '?token=opensesame42', { headers: { Authorization: 'Bearer opensesame43' } }],
  ])('is refused over the WebSocket, so that a page can show why: %s', async (_what, query, options) => {
    const { connect, engine } = await startServer({ token: TOKEN, source: new FakeLiveSource() });
    for (const path of [PRODUCE_PATH, WATCH_PATH]) {
      const client = await connect(path + query, options);
      expect(await client.end()).toEqual({ code: 4401, reason: 'UNAUTHORIZED' });
      expect(client.messages).toMatchObject([{ type: 'error', code: 'UNAUTHORIZED', sequence: null, fatal: true }]);
      expect(client.misfits).toEqual([]);
    }
    expect(engine.sessions.size).toBe(0);
  });

  it('is accepted from the address or a header', async () => {
    const { connect } = await startServer({ token: TOKEN });
    const byAddress = await connect(`${PRODUCE_PATH}?token=${TOKEN}`);
    const byHeader = await connect(PRODUCE_PATH, { headers: { Authorization: `Bearer ${TOKEN}` } });
    expect(await byAddress.ask(1)).toMatchObject({ type: 'result' });
    expect(await byHeader.ask(1)).toMatchObject({ type: 'result' });
  });

  it('is needed for /metrics and the details of /healthz, not for the rest', async () => {
    const { server } = await startServer({ token: TOKEN });
    const refused = await fetch(`${server.url}/metrics`);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await fetch(`${server.url}/metrics?token=${TOKEN}`)).status).toBe(200);
    expect((await fetch(`${server.url}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ ok: true });
    expect(await (await fetch(`${server.url}/healthz?token=${TOKEN}`)).json()).toMatchObject({
      ok: true,
      sessions: { producers: 0, viewers: 0 },
    });
  });

  it('is required when other machines can reach the server', async () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.2', 'camera.example.org', '128.0.0.1']) {
      const error = await refusal({ host, port: 0 });
      expect(error.code).toBe('CONFIG_INVALID');
      expect(error.message).toMatch(/^host: other machines can reach the server on .* needs a token: set "token"/);
    }
    const { connect, server } = await startServer({ host: '0.0.0.0', token: TOKEN });
    expect(server.url).toBe(`http://localhost:${server.port}`);
    expect(await (await connect(`${PRODUCE_PATH}?token=${TOKEN}`)).ask(1)).toMatchObject({ type: 'result' });
  });
});

describe('settings', () => {
  it.each([
    [{ tokn: TOKEN }, /did you mean "token"/],
    [{ token: 'short' }, /^token: /],
    [{ port: 70_000 }, /^port: /],
    [{ origins: ['example.org'] }, /^origins: "example.org" is not an origin; write it like https/],
    [{ tls: { cert: 'x', key: 'y' } }, /^tls: the certificate or key is invalid/],
    [{ host: '127.0.0.1', webFolder: '/nowhere/at/all' }, /^webFolder: \/nowhere\/at\/all cannot be read/],
  ])('that are invalid are refused in one line: %j', async (options, message) => {
    const error = await refusal(options);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });

  it('report a port in use, and an invalid address', async () => {
    const { server } = await startServer();
    expect(await refusal({ port: server.port })).toMatchObject({
      code: 'CONFIG_INVALID',
      message: `port: ${server.port} on 127.0.0.1 is in use; choose another, or 0 for any free port`,
    });
    expect((await refusal({ host: '192.0.2.1', token: TOKEN, port: 0 })).message).toMatch(
      /^host: 192\.0\.2\.1 is not an address of this machine/,
    );
  });
});

describe('pages of other sites', () => {
  it.each([
    ['another site', 'https://evil.example', 'start the server with --allow-origin https://evil.example"'],
    ['another port', 'http://localhost:1', '--allow-origin http://localhost:1"'],
    ['another scheme', 'https://localhost', '--allow-origin https://localhost"'],
    ['a sandboxed page', 'null', 'serve the page over http or https'],
    ['nonsense', 'x', 'serve the page over http or https'],
    ["the server's own", 'http://localhost', null],
    ['one that is allowed', 'https://studio.example', null],
    ['the same, written differently', 'https://STUDIO.example:443', null],
  ])('%s', async (_what, origin, advice) => {
    const { server, engine } = await startServer({ origins: ['https://studio.example/'] });
    const response = await rawExchange(server.port, upgradeText(PRODUCE_PATH, { Origin: origin }), PATIENCE, ANSWER);
    expect(statusOf(response)).toBe(101);
    expect(response.includes('"hello"')).toBe(advice === null);
    expect(response.includes('ORIGIN_NOT_ALLOWED')).toBe(advice !== null);
    if (advice === null) return;
    expect(response).toContain(advice);
    expect(engine.sessions.size).toBe(0);
  });

  it('cannot connect under a host name of their own that resolves to this machine', async () => {
    const { server } = await startServer({ origins: ['https://studio.example:8443'] });
    const { port } = server;
    const ask = async (host: string) => [
      statusOf(await rawExchange(port, requestText('GET /healthz', { Host: host }))),
      statusOf(await rawExchange(port, upgradeText(PRODUCE_PATH, { Host: host }), PATIENCE, ANSWER)),
    ];
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      'localhost.evil.example',
      'evil@localhost',
      'localhost/x',
      'localhost?x',
      '',
    ]) {
      expect([host, ...(await ask(host))]).toEqual([host, 403, 403]);
    }
    for (const host of ['localhost', `127.0.0.1:${port}`, `[::1]:${port}`, 'LOCALHOST', 'studio.example']) {
      expect([host, ...(await ask(host))]).toEqual([host, 200, 101]);
    }
  });

  it('may use any host name of a server that is open to a network, with the token', async () => {
    const { server } = await startServer({ host: '0.0.0.0', token: TOKEN });
    expect(statusOf(await rawExchange(server.port, requestText('GET /healthz', { Host: 'camera.example' })))).toBe(200);
    expect(
      await rawExchange(
        server.port,
        upgradeText(PRODUCE_PATH, { Host: 'camera.example', Origin: 'http://evil.example' }),
        PATIENCE,
        ANSWER,
      ),
    ).toContain('ORIGIN_NOT_ALLOWED');
    expect(
      await rawExchange(
        server.port,
        upgradeText(PRODUCE_PATH, { Host: 'camera.example', Origin: 'http://camera.example' }),
        PATIENCE,
        ANSWER,
      ),
    ).toContain('UNAUTHORIZED');
  });
});

describe('limits', () => {
  it('of sessions: one more is refused, and accepted when another has left', async () => {
    const { connect, engine } = await startServer({ maxProducers: 2, maxViewers: 1, source: new FakeLiveSource() });
    const [first, second] = [await connect(PRODUCE_PATH), await connect(PRODUCE_PATH)];
    const third = await connect(PRODUCE_PATH);
    expect(await third.end()).toEqual({ code: 4503, reason: 'TOO_MANY_SESSIONS' });
    expect(third.messages).toMatchObject([
      {
        type: 'error',
        code: 'TOO_MANY_SESSIONS',
        fatal: true,
        message: 'the server allows 2 producers at a time; try again later',
      },
    ]);
    expect(await (await connect(WATCH_PATH)).next('result')).toBeTruthy();
    expect(await (await connect(WATCH_PATH)).end()).toMatchObject({ code: 4503 });
    await first.leave();
    await second.until(() => engine.sessions.size === 2, 'room (one producer and the source are left)');
    expect(await (await connect(PRODUCE_PATH)).ask(1)).toMatchObject({ type: 'result' });
    expect(await second.ask(1)).toMatchObject({ type: 'result' });
    expect(third.misfits).toEqual([]);
  });

  it('of paths: there are two', async () => {
    const { server } = await startServer();
    for (const path of [
      '/',
      '/v1',
      '/v1/produce/',
      '/v2/produce',
      '//v1/produce',
      '/v1/produce/../../etc/passwd',
      '/v1/watch%00',
    ]) {
      expect([path, statusOf(await rawExchange(server.port, upgradeText(path), PATIENCE))]).toEqual([path, 404]);
    }
    expect(statusOf(await rawExchange(server.port, upgradeText('http://evil.example/v1/produce'), PATIENCE))).toBe(404);
  });
});
