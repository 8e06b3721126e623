import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { layOut, parseGrid } from './grid.js';

it('the example of docs/experiment.md is a grid that can be run', () => {
  const page = readFileSync(new URL('../../../../docs/experiment.md', import.meta.url), 'utf8');
  const example = parseGrid(JSON.parse(/```json\n([^]*?)```/.exec(page)![1]!));
  const groups = layOut(example);
  expect(groups).toHaveLength(3 * 2);
  expect(
    groups.every(
      ({ start, cells }) =>
        start!.config.epochs === 5 && cells.length === 3 && cells.every(({ config }) => config.epochs === 40),
    ),
  ).toBe(true);
  for (const field of Object.keys(example)) expect(page).toContain(`| \`${field}\` |`);
});
