import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** A ratchet: lower it when files are merged, never raise it. */
const MAX_FILES = 429;
const MAX_LINES = 400;

/** Files of src/ without tests, as paths from the root. */
const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => join('src', path));

/** The entries of the package stand above all folders. */
const isEntry = (path: string): boolean =>
  basename(path) === 'index.ts' || [join('src', 'version.ts'), join('src', 'train', 'tensors.ts')].includes(path);

/** Folder -> folders it imports from. */
function folderImports(): Map<string, Set<string>> {
  const imports = new Map<string, Set<string>>();
  for (const path of sources.filter((source) => !isEntry(source))) {
    const from = dirname(path);
    const targets = imports.get(from) ?? new Set();
    imports.set(from, targets);
    for (const [, specifier] of readFileSync(join(ROOT, path), 'utf8').matchAll(
      /(?:\bfrom|\bimport|\bimport\()\s*'(\.[^']+)'/g,
    )) {
      const to = normalize(join(from, specifier!)).replace(/\.js$/, '.ts');
      if (dirname(to) !== from && !isEntry(to)) targets.add(dirname(to));
    }
  }
  return imports;
}

/** Every folder that can be reached from itself. */
function foldersInCircles(imports: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const reachable = (start: string): Set<string> => {
    const seen = new Set<string>();
    const open = [...(imports.get(start) ?? [])];
    for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
      if (seen.has(folder)) continue;
      seen.add(folder);
      open.push(...(imports.get(folder) ?? []));
    }
    return seen;
  };
  return [...imports.keys()].filter((folder) => reachable(folder).has(folder));
}

it('folders do not import each other in circles', () => {
  const imports = folderImports();
  expect(imports.size).toBeGreaterThan(30);
  expect(foldersInCircles(imports)).toEqual([]);
  expect(foldersInCircles(new Map([['a', new Set(['b'])], ['b', new Set(['a'])]]))).toEqual(['a', 'b']); // prettier-ignore
});

it(`there are at most ${MAX_FILES} source files, none longer than ${MAX_LINES} lines`, () => {
  expect(sources.length).toBeLessThanOrEqual(MAX_FILES);
  const long = sources.filter((path) => readFileSync(join(ROOT, path), 'utf8').split('\n').length > MAX_LINES + 1);
  expect(long).toEqual([]);
});

it('index files stand at the entries of the package only', () => {
  const entries = ['src', 'src/stream/client', 'src/stream/protocol', 'src/train'].map((folder) =>
    join(folder, 'index.ts'),
  );
  expect(sources.filter((path) => basename(path) === 'index.ts' && !entries.includes(path))).toEqual([]);
});

it('no two folders have a file of the same name, commands apart, which are named after what they run', () => {
  const names = sources
    .filter((path) => !isEntry(path) && dirname(path) !== join('src', 'cli'))
    .map((path) => basename(path));
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});
