import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { JointFinder, findJoint, isFragmented } from './joined-files.js';

const filler = (length: number): Buffer => Buffer.alloc(length, 7);
const box = (type: string, length: number): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(length + 8);
  head.write(type, 4);
  return Buffer.concat([head, filler(length)]);
};
const FLV = Buffer.concat([Buffer.from('464c560105000000090000000009', 'hex'), filler(300)]);
const ASF = Buffer.concat([Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex'), filler(300)]);
const WEBM = Buffer.concat([
  Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d', 'hex'),
  filler(300),
]);
const MP4 = Buffer.concat([box('ftyp', 24), box('mdat', 5_000), box('moov', 300)]);
const FRAGMENTS = Buffer.concat([box('ftyp', 24), box('moov', 300), box('moof', 90), box('mdat', 900)]);
const OTHER = Buffer.concat([Buffer.from('RIFF'), filler(400)]);

const WHOLE = { FLV, ASF, WEBM, MP4, FRAGMENTS };

it.each(Object.entries(WHOLE))('%s: finds where a second one begins, however the bytes arrive', (_, file) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), fc.boolean(), (lengths, isJoined) => {
      const bytes = Buffer.concat([file, isJoined ? file : filler(20)]);
      const finder = new JointFinder();
      for (let at = 0, i = 0; at < bytes.length; i += 1) {
        const end = at + lengths[i % lengths.length]!;
        finder.push(bytes.subarray(at, end));
        at = end;
      }
      expect(finder.joint).toBe(isJoined ? file.length : null);
    }),
  );
});

it('finds no joint elsewhere: other containers, magic numbers inside a file', () => {
  for (const bytes of [
    Buffer.concat([OTHER, OTHER]),
    Buffer.concat([FLV, Buffer.from('FLV'), filler(90)]),
    Buffer.concat([WEBM, WEBM.subarray(0, 4), filler(90)]),
    Buffer.concat([box('ftyp', 24), box('moov', 300), Buffer.concat([box('mdat', 0), MP4]).subarray(0, 9)]),
  ]) {
    const finder = new JointFinder();
    finder.push(bytes);
    expect(finder.joint).toBeNull();
  }
});

it('reads files, by steps where their boxes allow it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ferstream-joints-'));
  try {
    const path = join(folder, 'file');
    for (const file of Object.values(WHOLE)) {
      await writeFile(path, file);
      expect(await findJoint(path)).toBeNull();
      expect(await isFragmented(path)).toBe(file === FRAGMENTS);
      await writeFile(path, Buffer.concat([file, file]));
      expect(await findJoint(path)).toMatchObject({ at: file.length, size: 2 * file.length });
    }
    expect(await findJoint(join(folder, 'missing'))).toBeNull();
  } finally {
    await rm(folder, { recursive: true });
  }
});
