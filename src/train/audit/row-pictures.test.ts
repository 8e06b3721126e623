import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { writeTree } from '../../../test/support/write-tree.js';
import { findFfmpeg } from '../../ingest/ffmpeg/binaries.js';
import { openDataset } from '../data/formats/registry.js';
import { rowPictures } from './row-pictures.js';

it('shows frames of videos too, each video decoded once, and names them by file and time', async () => {
  const dir = await scratchDir();
  const { path: ffmpeg } = await findFfmpeg();
  // Darker from frame to frame: 10 of them, 5 a second.
  const source = "color=white:size=64x32:rate=5,geq=lum='255-20*N':cb=128:cr=128";
  await promisify(execFile)(ffmpeg, ['-v', 'error', '-f', 'lavfi', '-t', '2', '-i', source, join(dir, 'talk.mp4')]);
  await writeTree(dir, {
    'manifest.csv': 'path,label,start,end\ntalk.mp4,happy,0,1\ntalk.mp4,sad,1,2\ngone/x.mp4,sad,,\n',
    'damaged.mp4': 'no video',
  });
  const dataset = await openDataset(`manifest:${dir}`);
  const pictures = rowPictures(dataset, null);
  expect(pictures.ids.size).toBe(0);
  const ids = ['talk.mp4#0', 'talk.mp4#3', 'talk.mp4#2#2', 'talk.mp4#99', 'other.mp4#1'];
  const loaded = await pictures.load(ids);
  expect([...loaded.keys()]).toEqual(ids.slice(0, 3));
  const middle = (id: string): number => loaded.get(id)![(48 * 96 + 48) * 3]!;
  expect(middle('talk.mp4#0')).toBeGreaterThan(middle('talk.mp4#3'));
  expect(middle('talk.mp4#3')).toBeGreaterThan(middle('talk.mp4#2#2'));
  expect(loaded.get('talk.mp4#0')).toHaveLength(96 * 96 * 3);
  expect(ids.map((id) => pictures.nameOf(id))).toEqual([
    'talk.mp4, 0.0 s',
    'talk.mp4, 0.6 s',
    'talk.mp4, 1.4 s',
    'talk.mp4#99',
    'other.mp4#1',
  ]);
});
