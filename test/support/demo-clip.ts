import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { findFfmpeg, runProcess } from '../../src/ingest/ffmpeg/binaries.js';
import { buildDemoFootage } from '../../src/ingest/sources/demo-footage.js';

/** The demo footage, made once per test run: by the ffmpeg that npm brings, where the test file uses that. */
export async function demoClip(): Promise<string> {
  return once('demo.mp4', buildDemoFootage);
}

/** The same people, cuts and lengths in 5 small pictures a second. */
export async function smallDemoClip(): Promise<string> {
  const film = await demoClip();
  return once('small-demo.mp4', async (path) => {
    const { path: ffmpeg } = await findFfmpeg();
    const args = ['-v', 'error', '-i', film, '-vf', 'scale=320:-2,fps=5', '-y', path];
    const { exitCode, stderr } = await runProcess(ffmpeg, args, 120_000);
    if (exitCode !== 0) throw new Error(stderr);
  });
}

async function once(name: string, make: (path: string) => Promise<void>): Promise<string> {
  const path = join(inject('builtRepository'), name);
  if (!existsSync(path)) {
    const partial = join(inject('builtRepository'), `${process.pid}-${name}`);
    await make(partial);
    await rename(partial, path);
  }
  return path;
}
