import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, closest } from './fer-error.js';

it('docs/errors.md has every code with its meaning, and no other', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (.+?) \|/gm)].map(([, code, meaning]) => [code, meaning]);
  expect(Object.fromEntries(rows)).toEqual(ERROR_CODES);
});

describe('closest', () => {
  it('finds the name that was probably meant', () => {
    const known = ['detectEvery', 'detector', 'minFaceSize', 'fps'];
    expect(closest('detectevery', known)).toBe('detectEvery');
    expect(closest('minFacesize', known)).toBe('minFaceSize');
    expect(closest('detctor', known)).toBe('detector');
    expect(closest('pfs', known)).toBe('fps');
  });
});
