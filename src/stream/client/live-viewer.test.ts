import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket, helloMessage } from '../../../test/support/fake-socket.js';
import { encodeFrameHeader } from '../protocol/messages.js';
import type { ConnectionState } from './live-connection.js';
import { LiveViewer } from './live-viewer.js';

let states: ConnectionState[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  vi.spyOn(Math, 'random').mockReturnValue(0);
  FakeSocket.all = [];
  states = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function open(): LiveViewer {
  const viewer = new LiveViewer('https://example.org/live/', {
    WebSocket: FakeSocket,
    frames: true,
    token: 'secret-token',
  });
  states.push(viewer.state);
  viewer.on('state', (state) => states.push(state));
  return viewer;
}

function lastState(): ConnectionState {
  return states.at(-1)!;
}

describe('LiveViewer', () => {
  it('asks for pictures, by wss where the page came by https', () => {
    open();
    expect(FakeSocket.latest.address).toBe('wss://example.org/live/v1/watch?token=secret-token&frames=1');
  });

  it('delivers pictures and their results', () => {
    const viewer = open();
    const heard: unknown[] = [];
    viewer.on('frame', ({ sequence, jpeg }) => heard.push([sequence, ...jpeg]));
    viewer.on('source', ({ state }) => heard.push(state));
    FakeSocket.latest.says(helloMessage());
    FakeSocket.latest.says({ type: 'source', name: 'x', state: 'running', detail: null, retryIn: null });
    const picture = new Uint8Array([...encodeFrameHeader({ sequence: 9, captureTime: 5 }), 255, 216]);
    FakeSocket.latest.says(picture.buffer);
    expect(heard).toEqual(['running', [9, 255, 216]]);
    expect(lastState()).toMatchObject({ state: 'open', hello: { model: { name: 'face-api' } } });
  });

  it('reports what a listener throws, tells the other listeners, and keeps the connection', () => {
    const reported: (() => void)[] = [];
    vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((report) => void reported.push(report));
    const viewer = open();
    const heard: number[] = [];
    viewer.on('frame', () => {
      throw new Error('of the program');
    });
    viewer.on('frame', ({ sequence }) => heard.push(sequence));
    FakeSocket.latest.says(helloMessage());
    for (const sequence of [1, 2])
      FakeSocket.latest.says(new Uint8Array([...encodeFrameHeader({ sequence, captureTime: 5 }), 255, 216]).buffer);
    expect(heard).toEqual([1, 2]);
    expect(reported).toHaveLength(2);
    expect(reported[0]).toThrow('of the program');
  });

  it.each(['connecting', 'open', 'waiting'] as const)(
    'closed by a listener when it is %s, it makes no connection and says no more',
    (moment) => {
      const viewer = open();
      FakeSocket.latest.breaks();
      const heard: unknown[] = [];
      viewer.on('hello', (hello) => heard.push(hello));
      viewer.on('state', ({ state }) => {
        if (state === moment) viewer.close();
      });
      vi.advanceTimersByTime(1_000);
      FakeSocket.latest.says(helloMessage());
      FakeSocket.latest.breaks();
      vi.advanceTimersByTime(60_000);
      expect(viewer.state).toEqual({ state: 'closed' });
      expect(heard).toEqual(moment === 'waiting' ? [expect.anything()] : []);
      expect(FakeSocket.all.length).toBe(moment === 'connecting' ? 1 : 2);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it('waits longer after every failure, and starts again after a steady connection', () => {
    open();
    const waits: number[] = [];
    for (let k = 0; k < 7; k += 1) {
      FakeSocket.latest.breaks();
      const state = lastState();
      if (state.state !== 'waiting') throw new Error(state.state);
      expect(state.reason).toBe('the server cannot be reached');
      waits.push(state.retryAt - Date.now());
      vi.advanceTimersByTime(waits.at(-1)! - 1);
      expect(FakeSocket.all.length).toBe(k + 1);
      vi.advanceTimersByTime(1);
      expect(FakeSocket.all.length).toBe(k + 2);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    FakeSocket.latest.says(helloMessage());
    vi.advanceTimersByTime(5000);
    FakeSocket.latest.breaks();
    expect(lastState()).toEqual({ state: 'waiting', reason: 'the connection was lost', retryAt: Date.now() + 500 });
  });

  it.each([
    ['UNAUTHORIZED', 4401],
    ['NO_SOURCE', 4404],
  ] as const)('does not come back after %s', (code, closeCode) => {
    open();
    FakeSocket.latest.says({ type: 'error', code, message: 'no', sequence: null, fatal: true });
    FakeSocket.latest.breaks(closeCode, code);
    expect(lastState()).toEqual({ state: 'refused', problem: { code, message: 'no' } });
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all.length).toBe(1);
  });

  it('recognizes a refusal by its close code alone', () => {
    open();
    FakeSocket.latest.breaks(4401);
    expect(lastState()).toEqual({
      state: 'refused',
      problem: { code: 'UNAUTHORIZED', message: 'the server closed with 4401' },
    });
  });

  it.each([
    ['TOO_MANY_SESSIONS', 4503],
    ['SHUTTING_DOWN', 1001],
  ] as const)('comes back after %s', (code, closeCode) => {
    open();
    FakeSocket.latest.says({ type: 'error', code, message: 'later', sequence: null, fatal: true });
    FakeSocket.latest.breaks(closeCode, code);
    expect(lastState()).toEqual({ state: 'waiting', reason: 'later', retryAt: 500 });
  });

  it('treats a silent connection as dead', () => {
    open();
    FakeSocket.latest.says(helloMessage());
    vi.advanceTimersByTime(15_000);
    expect(lastState().state).toBe('open');
    vi.advanceTimersByTime(1000);
    expect(lastState()).toMatchObject({ state: 'waiting', reason: 'no message from the server for 15 s' });
    // Later messages of the dead one are ignored.
    FakeSocket.all[0]!.says(helloMessage());
    expect(lastState().state).toBe('waiting');
  });

  it('reconnects at once on request, and only once', () => {
    const viewer = open();
    FakeSocket.latest.breaks();
    viewer.retryNow();
    viewer.retryNow();
    vi.advanceTimersByTime(2000);
    expect(FakeSocket.all.length).toBe(2);
  });

  it('stays closed', () => {
    const viewer = open();
    FakeSocket.latest.breaks();
    viewer.close();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all.length).toBe(1);
    expect(lastState()).toEqual({ state: 'closed' });
  });

  it('ignores unknown messages', () => {
    open();
    FakeSocket.latest.says('{"type":"weather"}');
    FakeSocket.latest.says('no JSON');
    expect(states).toEqual([{ state: 'connecting' }]);
  });
});
