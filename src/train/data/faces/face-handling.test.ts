import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { faceHandling } from './face-handling.js';

it('takes pictures as the model learnt them, unless told otherwise', async () => {
  expect(await faceHandling('auto', { framing: 'aligned' }, 'ferplus:somewhere')).toBe('detect');
  expect(await faceHandling('auto', { framing: 'whole' }, 'ferplus:somewhere')).toBe('as-is');
  expect(await faceHandling('as-is', { framing: 'aligned' }, 'ferplus:somewhere')).toBe('as-is');
  expect(await faceHandling('detect', { framing: 'whole' }, 'ferplus:somewhere')).toBe('detect');
});

it('does not search clips made of crops for faces that are aligned already', async () => {
  const dir = await scratchDir();
  expect(await faceHandling('auto', { framing: 'aligned' }, `manifest:${dir}`)).toBe('detect');
  for (const [aligned, expected] of [
    [true, 'as-is'],
    [false, 'detect'],
  ] as const) {
    await writeFile(join(dir, 'synthetic.json'), JSON.stringify({ aligned }));
    expect(await faceHandling('auto', { framing: 'aligned' }, `manifest:${dir}`)).toBe(expected);
  }
});
