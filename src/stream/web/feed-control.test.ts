import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket, helloMessage } from '../../../test/support/fake-socket.js';
import { FeedControl } from './feed-control.js';
import type { FeedControlOptions } from './feed-control.js';

const endTrack = vi.fn();
let track: EventTarget;
const video = { srcObject: null as unknown, play: vi.fn<() => Promise<void>>() };

beforeEach(() => {
  FakeSocket.all = [];
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('window', { isSecureContext: true });
  track = Object.assign(new EventTarget(), { getSettings: () => ({}), stop: endTrack });
  const stream = { getVideoTracks: () => [track], getTracks: () => [track] };
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: () => Promise.resolve(stream) } });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetAllMocks();
  video.srcObject = null;
});

function openControl(): FeedControl {
  const ignore = (): void => undefined;
  const options: FeedControlOptions = {
    server: 'http://localhost:8787',
    token: undefined,
    video: video as unknown as HTMLVideoElement,
    cameraChoice: () => ({ deviceId: null, resolution: '640x480' }),
    ...{ onAnswer: ignore, onHello: ignore, onStats: ignore, onCamera: ignore, onStopped: ignore, onChange: ignore },
  };
  return new FeedControl(options);
}

describe('asking the server whether it has a source', () => {
  it('finds one, and watches it', () => {
    const control = openControl();
    control.probe();
    FakeSocket.latest.says(helloMessage());
    expect(control).toMatchObject({ serverHasSource: true, mode: 'source', isRunning: true });
    FakeSocket.latest.says(helloMessage());
    // Known only after the session has started.
    expect(control.inputName).toBe('source');
    FakeSocket.latest.says({ type: 'source', name: 'hall', state: 'running', detail: null, retryIn: null });
    expect(control.inputName).toBe('hall');
    control.stop();
  });

  it('remembers why a picture was not answered, until one is or the feed is stopped', () => {
    const control = openControl();
    control.probe();
    FakeSocket.latest.says(helloMessage());
    FakeSocket.latest.says(helloMessage());
    const problem = { type: 'error', code: 'INTERNAL', message: 'it failed', sequence: 3, fatal: false } as const;
    FakeSocket.latest.says(problem);
    expect(control.facts(0).problem).toBe('it failed');
    control.stop();
    expect(control.facts(0).problem).toBeNull();
  });

  it('finds none', () => {
    const control = openControl();
    control.probe();
    FakeSocket.latest.breaks(4404, 'NO_SOURCE');
    expect(control).toMatchObject({ serverHasSource: false, mode: 'camera', isRunning: false });
  });

  it('finds one that no more may watch, and leaves the camera to choose', () => {
    const control = openControl();
    control.probe();
    const socket = FakeSocket.latest;
    socket.says({ type: 'error', code: 'TOO_MANY_SESSIONS', message: 'no more viewers', fatal: true, sequence: null });
    expect(control).toMatchObject({ serverHasSource: true, mode: 'camera', isRunning: false });
    expect(control.facts(0).camera).toBe('off');
    expect(socket.closedWith).not.toBeNull();
  });
});

describe('a camera that does not play', () => {
  it('is released, and said to have failed', async () => {
    const control = openControl();
    video.play.mockRejectedValue(new DOMException('no', 'NotSupportedError'));
    await control.start();
    expect(control.isRunning).toBe(false);
    expect(control.facts(0).camera).toBe('other');
    expect(endTrack).toHaveBeenCalledOnce();
  });

  it('is nothing to report where it was stopped meanwhile', async () => {
    const control = openControl();
    let fail: (error: Error) => void = () => undefined;
    video.play.mockReturnValue(new Promise((_, reject) => (fail = reject)));
    const starting = control.start();
    await vi.waitFor(() => {
      expect(video.play).toHaveBeenCalledOnce();
    });
    control.stop();
    fail(new DOMException('stopped', 'AbortError'));
    await starting;
    expect(control.facts(0).camera).toBe('off');
    expect(endTrack).toHaveBeenCalledOnce();
  });
});

describe('a camera in use', () => {
  it('is said to pause and to go on', async () => {
    const control = openControl();
    vi.stubGlobal('document', { createElement: () => ({}) });
    vi.stubGlobal('requestAnimationFrame', () => 0);
    vi.stubGlobal('cancelAnimationFrame', () => undefined);
    await control.start();
    const seen: unknown[] = [control.facts(0).camera];
    for (const event of ['mute', 'unmute', 'mute', 'ended', 'unmute']) {
      track.dispatchEvent(new Event(event));
      seen.push(control.facts(0).camera);
    }
    expect(seen).toEqual(['on', 'paused', 'on', 'paused', 'ended', 'ended']);
    expect(control.isRunning).toBe(false);
  });

  it('that was replaced has nothing to say any longer', async () => {
    const control = openControl();
    vi.stubGlobal('document', { createElement: () => ({}) });
    vi.stubGlobal('requestAnimationFrame', () => 0);
    vi.stubGlobal('cancelAnimationFrame', () => undefined);
    await control.start();
    control.stop();
    for (const event of ['mute', 'unmute', 'ended']) track.dispatchEvent(new Event(event));
    expect(control.facts(0).camera).toBe('off');
  });
});
