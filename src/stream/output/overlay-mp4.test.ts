import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/output/support/media.js';
import { isOverlay, OVERLAY_TAG } from './overlay-mp4.js';

function box(type: string, content: Buffer, long = false): Buffer {
  const header = Buffer.alloc(long ? 16 : 8);
  header.writeUInt32BE(long ? 1 : header.length + content.length, 0);
  header.write(type, 4, 'latin1');
  if (long) header.writeBigUInt64BE(BigInt(header.length + content.length), 8);
  return Buffer.concat([header, content]);
}

async function fileOf(name: string, ...boxes: readonly Buffer[]): Promise<string> {
  const path = join(temporaryFolder(), name);
  await writeFile(path, Buffer.concat(boxes));
  return path;
}

const movie = (comment: string): Buffer =>
  box('moov', Buffer.concat([box('mvhd', Buffer.alloc(100)), box('udta', Buffer.from(`....${comment}`))]));
const media = box('mdat', Buffer.alloc(5000), true);

it('knows our overlays by their tag, under any name and with the index first or last', async () => {
  expect(await isOverlay(await fileOf('a.overlay.mp4', movie(OVERLAY_TAG), media))).toBe(true);
  expect(await isOverlay(await fileOf('renamed.MP4', media, movie(OVERLAY_TAG)))).toBe(true);
});

it('does not mistake other videos or files for one, whatever the name', async () => {
  expect(await isOverlay(await fileOf('mine.overlay.mp4', movie('holiday'), media))).toBe(false);
  expect(await isOverlay(await fileOf('tag-in-picture.mp4', movie(''), box('mdat', Buffer.from(OVERLAY_TAG))))).toBe(
    false,
  );
  expect(await isOverlay(await fileOf('broken.mp4', Buffer.from(`\0\0\0\u0003moov${OVERLAY_TAG}`)))).toBe(false);
  expect(await isOverlay(await fileOf('empty.mp4'))).toBe(false);
  expect(await isOverlay(join(temporaryFolder(), 'missing.mp4'))).toBe(false);
});
