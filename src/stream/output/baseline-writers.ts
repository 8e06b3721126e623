import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AtomicFile } from '../../files/atomic-file.js';
import { writeError } from '../../files/write-error.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import { frameText, roundedResult } from '../results/jsonl-text.js';
import type { OutputWriters } from '../results/output-format.js';
import { RestingFaces, relativeToRest } from '../results/resting-face.js';
import type { BaselineChoice, RestingFace } from '../results/resting-face.js';
import type { RunOutcome } from '../results/annotation-schema.js';

/**
 * Writers that add expressions relative to each person's resting face, which is known only at the end: results wait in a temporary file.
 * @param open opens the writers proper, after the last result
 */
export async function baselineWriters(
  choice: BaselineChoice,
  open: () => Promise<OutputWriters>,
): Promise<OutputWriters> {
  if (choice === 'off') return open();
  // Says at once what would be refused after the last result.
  await (await open()).abort();
  const folder = await mkdtemp(join(tmpdir(), 'ferstream-baseline-')).catch((error: unknown) => {
    throw writeError(tmpdir(), error);
  });
  const spool = join(folder, 'results.jsonl');
  const file = await AtomicFile.open(spool);
  const resting = new RestingFaces(choice);
  let writers: OutputWriters | null = null;
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  return {
    get paths() {
      return writers?.paths ?? [];
    },
    async write(result) {
      resting.push(roundedResult(result));
      await file.write(frameText(result));
    },
    async finish(outcome) {
      await file.prepare();
      await file.commit();
      const rests = resting.end();
      writers = await open();
      for await (const text of createInterface({ input: createReadStream(spool, 'utf8'), crlfDelay: Infinity })) {
        const { type: _, ...result } = JSON.parse(text) as FrameResult & { readonly type: string };
        await writers.write(relativeToRest(result, rests));
      }
      await writers.finish(withResting(outcome, rests));
      await remove();
    },
    async abort() {
      await file.abort();
      await writers?.abort();
      await remove();
    },
  };
}

export function withResting(outcome: RunOutcome, rests: ReadonlyMap<number, RestingFace>): RunOutcome {
  if (rests.size === 0) return outcome;
  return { ...outcome, resting: Object.fromEntries([...rests].sort(([a], [b]) => a - b)) };
}
