import { constants } from 'node:fs';
import { access, mkdtemp, readFile, readdir, rmdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findFfmpeg, findFfprobe } from '../../ingest/ffmpeg/binaries.js';
import type { BinaryOrigin, FfmpegBinary } from '../../ingest/ffmpeg/binaries.js';

/** `failed`: footage cannot be annotated. `note`: it can, but something optional is missing. */
export type CheckStatus = 'ok' | 'note' | 'failed';

/** Result of one check. */
export interface CheckResult {
  /** What was checked, e.g. "ffmpeg". */
  readonly name: string;
  readonly status: CheckStatus;
  /** What was found, on one line. */
  readonly detail: string;
  /** Command that fixes it; null when nothing is wrong or no command helps. */
  readonly fix: string | null;
}

/** Checks one part of the machine. Never throws. */
export type Check = () => Promise<readonly CheckResult[]>;

/** First line of an error message. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? '').trim();
}

const ORIGINS: Readonly<Record<BinaryOrigin, string>> = {
  environment: 'named by the environment',
  path: 'on PATH',
  bundled: 'bundled with ferstream',
};

/** Which ffmpeg and ffprobe would be used. */
export async function checkFfmpeg(): Promise<readonly CheckResult[]> {
  return [
    await look('ffmpeg', findFfmpeg, 'FFMPEG_PATH', '@ffmpeg-installer/ffmpeg'),
    await look('ffprobe', findFfprobe, 'FFPROBE_PATH', '@ffprobe-installer/ffprobe'),
  ];
}

async function look(
  name: string,
  find: () => Promise<FfmpegBinary>,
  variable: string,
  bundle: string,
): Promise<CheckResult> {
  try {
    const { path, version, origin } = await find();
    return { name, status: 'ok', detail: `${version}, ${ORIGINS[origin]}: ${path}`, fix: null };
  } catch (error) {
    return {
      name,
      status: 'failed',
      detail: reasonOf(error),
      fix: process.env[variable] ? `unset ${variable}` : `npm install ${bundle}`,
    };
  }
}

const { engines } = createRequire(import.meta.url)('../../../package.json') as { engines: { node: string } };

/** Whether package.json allows this Node version (a single ">=major.minor"). */
export function checkNodeVersion(version = process.versions.node, range = engines.node): readonly CheckResult[] {
  const wanted = numbers(range);
  const have = numbers(version);
  const enough = compare(have, wanted) >= 0;
  return [
    {
      name: 'node',
      status: enough ? 'ok' : 'failed',
      detail: `${version} (${range} wanted)`,
      fix: enough ? null : 'nvm install 22',
    },
  ];
}

function numbers(text: string): readonly number[] {
  return [...text.matchAll(/\d+/g)].map(([digits]) => Number(digits));
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, wanted] of b.entries()) {
    const difference = (a[i] ?? 0) - wanted;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether sharp encodes and decodes; its native part is missing when npm skipped optional packages. */
export async function checkSharp(): Promise<readonly CheckResult[]> {
  try {
    const { default: sharp } = await import('sharp');
    const jpeg = await sharp({ create: { width: 16, height: 16, channels: 3, background: { r: 200, g: 100, b: 50 } } })
      .jpeg()
      .toBuffer();
    const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
    const red = data[0] ?? -1;
    if (info.width !== 16 || Math.abs(red - 200) > 8)
      throw new Error(`a JPEG came back changed (${info.width} pixels wide, red ${red})`);
    return [{ name: 'images', status: 'ok', detail: `sharp ${sharp.versions.sharp} reads and writes JPEG`, fix: null }];
  } catch (error) {
    return [
      {
        name: 'images',
        status: 'failed',
        detail: `sharp does not work: ${reasonOf(error)}`,
        fix: 'npm install --include=optional sharp',
      },
    ];
  }
}

/** Whether results can be written into the current folder. */
export async function checkWriteAccess(folder = process.cwd()): Promise<readonly CheckResult[]> {
  const name = 'folder';
  try {
    await rmdir(await mkdtemp(join(folder, '.fer-doctor-')));
    return [{ name, status: 'ok', detail: `${folder} is writable`, fix: null }];
  } catch (error) {
    return [
      {
        name,
        status: 'failed',
        detail: `${folder} is not writable (${reasonOf(error)})`,
        fix: `chmod u+rwx "${folder}"`,
      },
    ];
  }
}

/** Folders of Linux' video devices; tests replace them. */
interface DeviceFolders {
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
