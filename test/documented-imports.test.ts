import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as library from '../src/index.js';
import * as client from '../src/stream/client/index.js';
import * as training from '../src/train/index.js';
import * as tensors from '../src/train/tensors.js';

const ROOT = new URL('../', import.meta.url);
const PAGES = [
  'README.md',
  ...readdirSync(new URL('docs/', ROOT))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** What pages import, as [page, module, name]. */
const imported = PAGES.flatMap((page) =>
  [
    ...readFileSync(new URL(page, ROOT), 'utf8').matchAll(
      /import \{([^}]+)\} from '(ferstream(?:\/(?:train|tensors|client))?)'/g,
    ),
  ].flatMap(([, names, module]) =>
    names!.split(',').map((name): [string, string, string] => [page, module!, name.trim()]),
  ),
);

it('every import in the docs exists', () => {
  expect(imported.length).toBeGreaterThan(30);
  const modules: Readonly<Record<string, object>> = {
    ferstream: library,
    'ferstream/train': training,
    'ferstream/tensors': tensors,
    'ferstream/client': client,
  };
  const missing = imported.filter(([, module, name]) => !(name in modules[module]!));
  expect(missing).toEqual([]);
});
