import { constants } from 'node:fs';
import { access, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from './system.js';
import type { CheckResult } from './system.js';

/** Folders of Linux' video devices; tests replace them. */
export interface DeviceFolders {
  readonly devices: string;
  readonly names: string;
}

const LINUX: DeviceFolders = { devices: '/dev', names: '/sys/class/video4linux' };

/** Cameras of this machine. Files and webcams in the browser need none. */
export async function checkCameras(
  platform: NodeJS.Platform = process.platform,
  folders = LINUX,
): Promise<readonly CheckResult[]> {
  const name = 'cameras';
  if (platform === 'darwin') return [notChecked('ffmpeg -f avfoundation -list_devices true -i ""')];
  if (platform === 'win32') return [notChecked('ffmpeg -f dshow -list_devices true -i dummy')];
  if (platform !== 'linux') return [{ name, status: 'note', detail: `not checked on ${platform}`, fix: null }];
  try {
    const devices = (await readdir(folders.devices))
      .filter((file) => /^video\d+$/.test(file))
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    if (devices.length === 0)
      return [
        {
          name,
          status: 'note',
          detail: `none (no ${folders.devices}/video*); needed only for a camera on this machine`,
          fix: null,
        },
      ];
    return await Promise.all(devices.map((device) => describeDevice(device, folders)));
  } catch (error) {
    return [{ name, status: 'note', detail: `not checked: ${reasonOf(error)}`, fix: null }];
  }
}

function notChecked(listing: string): CheckResult {
  return {
    name: 'cameras',
    status: 'note',
    detail: 'not checked on this system; the command lists them',
    fix: listing,
  };
}

async function describeDevice(device: string, { devices, names }: DeviceFolders): Promise<CheckResult> {
  const path = join(devices, device);
  const label = await readFile(join(names, device, 'name'), 'utf8').then(
    (text) => ` (${text.trim()})`,
    () => '',
  );
  const readable = await access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (readable) return { name: 'cameras', status: 'ok', detail: path + label, fix: null };
  return {
    name: 'cameras',
    status: 'note',
    detail: `${path}${label}: no permission`,
    fix: 'sudo usermod -aG video "$USER"',
  };
}
