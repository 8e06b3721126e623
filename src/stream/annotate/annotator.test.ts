import { afterEach, expect, it, vi } from 'vitest';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scratchDir } from '../../../test/support/scratch.js';
import { Annotator, annotate$ } from './annotator.js';

const scratch = await scratchDir();
afterEach(() => {
  vi.restoreAllMocks();
});

it('frees the networks of an Observable that is unsubscribed while they load', async () => {
  const input = join(scratch, 'clip.mp4');
  await writeFile(input, 'never read');
  const dispose = vi.fn();
  let opened: (annotator: Annotator) => void = () => undefined;
  const opening = new Promise<Annotator>((resolve) => (opened = resolve));
  const open = vi.spyOn(Annotator, 'open').mockReturnValue(opening);
  const subscription = annotate$(input).subscribe();
  await vi.waitFor(
    () => {
      expect(open).toHaveBeenCalled();
    },
    { timeout: 60_000 },
  );
  subscription.unsubscribe();
  opened({
    annotate: () => Promise.resolve({ settled: new Promise(() => undefined) }),
    dispose,
  } as unknown as Annotator);
  await vi.waitFor(
    () => {
      expect(dispose).toHaveBeenCalledOnce();
    },
    { timeout: 60_000 },
  );
});
