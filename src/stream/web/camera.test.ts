import { afterEach, expect, it, vi } from 'vitest';
import { openCamera } from './camera.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A browser with cameras of these ids, or one that answers with an error. */
function withCameras(answer: readonly string[] | DOMException): string[] {
  const asked: string[] = [];
  vi.stubGlobal('window', { isSecureContext: true });
  const getUserMedia = ({ video }: { video: { deviceId?: { exact: string } } }): Promise<unknown> => {
    const wanted = video.deviceId?.exact;
    asked.push(wanted ?? 'any');
    if (answer instanceof DOMException) return Promise.reject(answer);
    const deviceId = answer.find((id) => wanted === undefined || id === wanted);
    if (deviceId === undefined)
      return Promise.reject(new DOMException('', wanted === undefined ? 'NotFoundError' : 'OverconstrainedError'));
    return Promise.resolve({ getVideoTracks: () => [{ getSettings: () => ({ deviceId }) }] });
  };
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
  return asked;
}

it('opens the camera that was chosen, else any other: the chosen one may be unplugged', async () => {
  withCameras(['a', 'b']);
  expect(await openCamera('b')).toMatchObject({ deviceId: 'b' });
  expect(await openCamera('unplugged')).toMatchObject({ deviceId: 'a' });
  expect(await openCamera(null)).toMatchObject({ deviceId: 'a' });
});

it('says why there is none, and does not ask again without permission', async () => {
  withCameras([]);
  expect(await openCamera('unplugged')).toBe('none');
  const asked = withCameras(new DOMException('', 'NotAllowedError'));
  expect(await openCamera('b')).toBe('denied');
  expect(asked).toEqual(['b']);
});
