import { findFfmpeg, findFfprobe } from '../../ingest/ffmpeg-binaries.js';
import type { BinaryOrigin, FfmpegBinary } from '../../ingest/ffmpeg-binaries.js';
import { reasonOf } from './check.js';
import type { CheckResult } from './check.js';

const ORIGINS: Readonly<Record<BinaryOrigin, string>> = {
  environment: 'named by the environment',
  path: 'on PATH',
  bundled: 'bundled with ferstream',
};

/** Which ffmpeg and ffprobe would be used, and from where. */
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
    return { name, status: 'ok', detail: `${version}, ${ORIGINS[origin]}: ${path}`, mend: null };
  } catch (error) {
    return {
      name,
      status: 'failed',
      detail: reasonOf(error),
      mend: process.env[variable] ? `unset ${variable}` : `npm install ${bundle}`,
    };
  }
}
