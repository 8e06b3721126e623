import { existsSync } from 'node:fs';
import { copyFile, cp, readFile, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { callFer } from './support/call-fer.js';
import { useBundledFfmpeg } from './ingest/support/clips.js';
import { smallDemoClip } from './support/demo-clip.js';
import { rememberNetworks } from './support/remembered-networks.js';
import { startFer } from './support/run-fer.js';
import type { RunningFer } from './support/run-fer.js';
import { scratchDir } from './support/scratch.js';

const FORMATS = 'jsonl,csv,vtt';
let folder: string;
let clip: string;
/** Cuts, several faces, an absence: all kinds of state. */
const PART = ['--start', '3.9', '--end', '6.9', '--fps', '5', '--model', 'face-api'];
/** In this thread: starting another one takes longer than these clips. */
const ONE_THREAD = ['--workers', '0'];

/** Annotates into its own folder. */
const command = (out: string): string[] => [
  'annotate',
  clip,
  ...PART,
  '-o',
  join(folder, out),
  '--format',
  FORMATS,
  '--backend',
  'wasm',
];
const journal = (out: string): string => join(folder, out, '.ferstream', 'clip.journal');

async function outputs(out: string): Promise<Buffer[]> {
  const names = (await readdir(join(folder, out))).filter((name) => name.startsWith('clip.')).sort();
  return Promise.all(names.map((name) => readFile(join(folder, out, name))));
}

/**
 * Kills a run with SIGKILL once its journal has grown. The journal is written once a second: the run is held for that time after each look, so that
 * it has hardly gone on when it is killed, however fast the machine.
 * @param begun resolves when the run has begun to analyse
 */
async function killAfterGrowth(out: string, begun: (run: RunningFer) => Promise<unknown>): Promise<number> {
  const size = (): Promise<number> =>
    stat(journal(out)).then(
      (found) => found.size,
      () => 0,
    );
  const before = await size();
  const run = startFer(command(out));
  await begun(run);
  while ((await size()) < before + GROWTH) {
    expect(run.child.exitCode).toBe(null);
    run.child.kill('SIGSTOP');
    await sleep(1100);
    run.child.kill('SIGCONT');
    await sleep(120);
  }
  run.child.kill('SIGKILL');
  await run.ended;
  return size();
}

/** What the journal takes for about three frames: the last one may be torn. */
const GROWTH = 5000;

async function journalExists(out: string): Promise<void> {
  while (!existsSync(journal(out))) await sleep(5);
}

describe('an interrupted annotation', { timeout: 300_000 }, () => {
  let whole: Buffer[];
  beforeAll(async () => {
    useBundledFfmpeg();
    rememberNetworks();
    folder = await scratchDir();
    clip = join(folder, 'clip.mp4');
    await copyFile(await smallDemoClip(), clip);
    expect((await callFer([...command('whole'), ...ONE_THREAD])).code).toBe(0);
    whole = await outputs('whole');
    expect(whole).toHaveLength(3);
    // Nothing stays of a finished run's journal.
    await expect(stat(journal('whole'))).rejects.toMatchObject({ code: 'ENOENT' });
  }, 300_000);

  it('continues where it was killed, twice, to the same bytes, and does not ask the networks again', async () => {
    const first = await killAfterGrowth('killed', () => journalExists('killed'));
    expect(await outputs('killed')).toEqual([]);
    for (const other of ['torn', 'changed']) await cp(join(folder, 'killed'), join(folder, other), { recursive: true });
    expect(await killAfterGrowth('killed', (run) => run.printed('resuming'))).toBeGreaterThan(first);
    const { code, stderr } = await callFer([...command('killed'), ...ONE_THREAD]);
    expect(code).toBe(0);
    expect(stderr).toContain('resuming');
    expect((await outputs('killed')).map((file, k) => file.equals(whole[k]!))).toEqual([true, true, true]);
  });

  it('drops what was half written, and starts again after a change of settings', async () => {
    await truncate(journal('torn'), (await stat(journal('torn'))).size - 7);
    expect((await callFer([...command('torn'), ...ONE_THREAD])).stderr).toContain('resuming');
    expect((await outputs('torn')).map((file, k) => file.equals(whole[k]!))).toEqual([true, true, true]);

    const { code, stderr } = await callFer([...command('changed'), ...ONE_THREAD, '--end', '4.9']);
    expect(code).toBe(0);
    expect(stderr).not.toContain('resuming');
  });
});
