export type CameraProblem = 'insecure' | 'denied' | 'none' | 'in-use' | 'ended' | 'other';

export interface OpenCamera {
  readonly stream: MediaStream;
  readonly deviceId: string;
  /** True for a camera that faces its user, who expects a mirror. */
  readonly facesUser: boolean;
}

/**
 * @param deviceId the camera chosen last; another one takes its place if it is not there: it may be unplugged, and some browsers rename cameras
 * @param resolution as "1280x720"; the camera may choose another one
 * @returns the camera, or why there is none
 */
export async function openCamera(deviceId: string | null, resolution = '640x480'): Promise<OpenCamera | CameraProblem> {
  if (!hasCameras()) return 'insecure';
  try {
    const which = deviceId === null ? { facingMode: 'user' } : { deviceId: { exact: deviceId } };
    const [width, height] = resolution.split('x').map((side) => ({ ideal: Number(side) }));
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { ...which, width: width!, height: height!, frameRate: { ideal: 30 } },
    });
    const settings = stream.getVideoTracks()[0]?.getSettings();
    return { stream, deviceId: settings?.deviceId ?? '', facesUser: settings?.facingMode !== 'environment' };
  } catch (error) {
    const problem = cameraProblem(error);
    return problem === 'none' && deviceId !== null ? openCamera(null, resolution) : problem;
  }
}

/** Calls `onChange` when a camera is connected or disconnected. */
export function watchCameras(onChange: () => void): void {
  if (hasCameras()) navigator.mediaDevices.addEventListener('devicechange', onChange);
}

/** Releases the camera. */
export function endStream(stream: MediaStream): void {
  stream.getTracks().forEach((track) => {
    track.stop();
  });
}

/** The available cameras; without names until one has been allowed. */
export async function listCameras(): Promise<readonly MediaDeviceInfo[]> {
  if (!hasCameras()) return [];
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '');
}

/** Meaning of getUserMedia errors; names from W3C Media Capture and Streams. */
export function cameraProblem(error: unknown): CameraProblem {
  const name = typeof error === 'object' && error !== null && 'name' in error ? error.name : null;
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'none';
    case 'NotReadableError':
    case 'AbortError':
      return 'in-use';
    default:
      return 'other';
  }
}

/** Browsers offer cameras only to pages from https or localhost. */
function hasCameras(): boolean {
  return window.isSecureContext && 'mediaDevices' in navigator;
}
