import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StemlessInput } from './input.js';
import { withDistinctStems } from './output-stems.js';

function file(path: string): StemlessInput {
  return { kind: 'file', path, name: path };
}
function stems(...inputs: StemlessInput[]): string[] {
  return withDistinctStems(inputs).map((input) => input.stem);
}

it('is the name without its ending', () => {
  const inputs: StemlessInput[] = [
    file('/x/talk.final.mp4'),
    { kind: 'images', path: '/x/shots.v2', name: 'shots.v2' },
    { kind: 'images', path: '/x/face.jpg', name: 'face.jpg' },
    { kind: 'url', path: 'https://example.org/a/clip%20one.webm?x=1', name: '' },
    { kind: 'url', path: 'https://example.org/', name: '' },
    { kind: 'stdin', path: '-', name: '-' },
  ];
  expect(stems(...inputs)).toEqual(['talk.final', 'shots.v2', 'face', 'clip one', 'example.org', 'stdin']);
});

it('says more where names meet', () => {
  expect(stems(file('/a/talk.mp4'), file('/a/talk.mov'))).toEqual(['talk.mp4', 'talk.mov']);
  expect(stems(file('/monday/talk.mp4'), file('/tuesday/Talk.mp4'))).toEqual(['monday-talk', 'tuesday-Talk']);
  expect(stems(file('/1/a/talk.mp4'), file('/2/a/talk.mp4'))).toEqual(['talk-1', 'talk-2']);
});

it('never gives a name twice, and none that is a path', () => {
  const names = fc.constantFrom('a', 'A', 'a-b', 'b', 'a.mp4', 'b-a.mp4');
  const paths = fc.uniqueArray(fc.tuple(names, names, fc.constantFrom('.mp4', '.mov', '')).map(([folder, name, ending]) => `/x/${folder}/${name}${ending}`));
  fc.assert(
    fc.property(paths, (all) => {
      const given = stems(...all.map(file)).map((stem) => stem.toLowerCase());
      expect(new Set(given).size).toBe(all.length);
    }),
  );
  const [stem] = stems({ kind: 'url', path: 'https://example.org/..%2F..%2Fetc%2Fpasswd', name: '' });
  expect(stem).not.toMatch(/[/\\]/);
});
