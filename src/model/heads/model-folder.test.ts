import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { writeTree } from '../../../test/support/write-tree.js';
import { FRAME_PART, TEMPORAL_PART, partOf } from './model-folder.js';

it('finds the part of a model, that of its frame network elsewhere, and names the model where a run is given', async () => {
  const dir = await scratchDir();
  await writeTree(dir, {
    'frames/best/ferstream.json': '{}',
    'clips/best/frame/ferstream.json': '{}',
    'clips/best/temporal/ferstream.json': '{}',
  });
  const [frames, clips] = [join(dir, 'frames', 'best'), join(dir, 'clips', 'best')];
  expect(await partOf(frames, '.')).toBe(frames);
  expect(await partOf(frames, FRAME_PART)).toBe(frames);
  expect(await partOf(clips, FRAME_PART)).toBe(join(clips, 'frame'));
  expect(await partOf(clips, TEMPORAL_PART)).toBe(join(clips, 'temporal'));
  expect(await partOf(clips, '.')).toBe(join(clips, 'frame'));
  await expect(partOf(join(dir, 'clips'), FRAME_PART)).rejects.toMatchObject({
    code: 'WEIGHTS_MISSING',
    message: expect.stringContaining(`such as ${clips}`) as string,
  });
  await expect(partOf(dir, '.')).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
});
