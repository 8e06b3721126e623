import { cameraProblem } from './camera-problem.js';
import type { CameraProblem } from './camera-problem.js';

export interface OpenCamera {
  readonly stream: MediaStream;
  readonly deviceId: string;
  /** True for a camera that looks at its user, who expects a mirror. */
  readonly facesUser: boolean;
}

/** @returns the camera, or why there is none */
export async function openCamera(deviceId: string | null): Promise<OpenCamera | CameraProblem> {
  if (!hasCameras()) return 'insecure';
  try {
    const which = deviceId === null ? { facingMode: 'user' } : { deviceId: { exact: deviceId } };
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { ...which, width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } },
    });
    const settings = stream.getVideoTracks()[0]?.getSettings();
    return { stream, deviceId: settings?.deviceId ?? '', facesUser: settings?.facingMode !== 'environment' };
  } catch (error) {
    return cameraProblem(error);
  }
}

/** The cameras there are; without names until one has been allowed. */
export async function listCameras(): Promise<readonly MediaDeviceInfo[]> {
  if (!hasCameras()) return [];
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '');
}

/** Pages that did not come by https or from localhost see none. */
function hasCameras(): boolean {
  return window.isSecureContext && 'mediaDevices' in navigator;
}
