import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NEVER, concat, from } from 'rxjs';
import { expect, it } from 'vitest';
import { GOOD, METADATA, face, frame } from '../../../test/output/support/results.js';
import { scratchDir } from '../../../test/support/scratch.js';
import { FerError } from '../../errors/fer-error.js';
import { iterate } from '../pipeline/demand.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import { parseAnnotateOptions } from '../pipeline/pipeline-settings.js';
import type { RunMetadata } from '../results/annotation-schema.js';
import { annotateInput } from './annotate-input.js';
import type { InputEvent, InputJob } from './annotate-input.js';
import type { Annotator } from './annotator.js';
import type { WorkJournal } from './work-journal.js';

const scratch = await scratchDir();

interface Run {
  readonly dir: string;
  readonly job: InputJob;
  /** The journal's file handle is closed. */
  readonly isClosed: () => boolean;
  readonly events: AsyncGenerator<InputEvent, void, undefined>;
}

const FRAMES = [0, 1, 2].map((i) => frame(i, i / 25, [face(1, 'happiness')]));

async function* finite(end: () => void): AsyncGenerator<FrameResult> {
  for (const result of FRAMES) yield await Promise.resolve(result);
  end();
}

/** Annotates three frames without networks; then `end` happens. */
async function run(
  end: () => void = () => undefined,
  prepare?: (dir: string) => Promise<unknown>,
  { results = () => finite(end), signal }: { results?: () => AsyncIterator<FrameResult>; signal?: AbortSignal } = {},
): Promise<Run> {
  const dir = await mkdtemp(join(scratch, 'out-'));
  await prepare?.(dir);
  let journal: WorkJournal | null = null;
  const annotator = {
    settings: parseAnnotateOptions({}),
    async annotate(
      _input: unknown,
      _hash: unknown,
      openJournal: (metadata: RunMetadata) => Promise<WorkJournal | null>,
    ) {
      journal = await openJournal(METADATA);
      return {
        metadata: METADATA,
        report: () => GOOD,
        [Symbol.asyncIterator]: results,
      };
    },
  } as unknown as Pick<Annotator, 'settings' | 'annotate'>;
  const job: InputJob = {
    ...{ input: { kind: 'file', name: 'clip.mp4', path: 'clip.mp4' }, hash: 'sha256:1', outputDir: dir, name: 'clip' },
    ...{ formats: ['jsonl', 'csv'], settingsHash: 'sha256:2', signal },
  };
  const isClosed = (): boolean => (journal as unknown as { file: { fd: number } }).file.fd === -1;
  return { dir, job, isClosed, events: annotateInput(annotator, job) };
}

async function through({ events }: Run): Promise<void> {
  for await (const { input } of events) expect(input).toBe('clip.mp4');
}

/** Files of the output folder, and of what belongs to a run in `.ferstream`. */
const filesIn = async (dir: string): Promise<string[]> => (await readdir(dir, { recursive: true })).sort();
const JOURNAL = ['.ferstream', '.ferstream/clip.journal'];

it('finishes with complete outputs and no journal', async () => {
  const done = await run();
  await through(done);
  expect(await filesIn(done.dir)).toEqual(['.ferstream', '.ferstream/clip.json', 'clip.csv', 'clip.jsonl']);
  expect(done.isClosed()).toBe(true);
});

it('leaves the journal alone when the caller leaves the loop over its events', async () => {
  for (const last of ['started', 'progress'] as const) {
    const left = await run();
    for await (const { type } of left.events) if (type === last) break;
    expect(await filesIn(left.dir), last).toEqual(JOURNAL);
    expect(left.isClosed(), last).toBe(true);
  }
});

it.each([
  ['OUTPUT_UNWRITABLE', 'the disk is full'],
  ['INPUT_STALLED', 'the server stopped sending'],
] as const)('keeps the journal after a failure that the next attempt may not meet: %s', async (code, message) => {
  const full = await run(() => {
    throw new FerError(code, message);
  });
  await expect(through(full)).rejects.toMatchObject({ code });
  expect(await filesIn(full.dir)).toEqual(JOURNAL);
  expect(full.isClosed()).toBe(true);
});

it('stops at the signal while no result comes, and keeps the journal', async () => {
  const controller = new AbortController();
  const results = () => iterate(() => concat(from(FRAMES), NEVER));
  const idle = await run(undefined, undefined, { results, signal: controller.signal });
  const seen: string[] = [];
  for await (const event of idle.events) {
    seen.push(event.type);
    if (event.type === 'progress' && event.frames === FRAMES.length) {
      setTimeout(() => {
        controller.abort();
      }, 10);
    }
  }
  expect(seen).toEqual(['started', 'progress', 'progress', 'progress', 'interrupted']);
  expect(await filesIn(idle.dir)).toEqual(JOURNAL);
  expect(idle.isClosed()).toBe(true);
});

it('removes it where the input is to blame', async () => {
  const damaged = await run(() => {
    throw new FerError('INPUT_UNREADABLE', 'cannot be decoded');
  });
  await expect(through(damaged)).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
  expect(await filesIn(damaged.dir)).toEqual(['.ferstream']);
});

it('closes the journal where the outputs cannot be opened', async () => {
  const blocked = await run(undefined, (dir) => mkdir(join(dir, 'clip.csv')));
  await expect(through(blocked)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
  expect(blocked.isClosed()).toBe(true);
});
