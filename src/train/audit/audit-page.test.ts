import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { auditLabels } from './audit-labels.js';
import { GALLERY, auditPage, writeAudit } from './audit-page.js';
import { evidenceOfLook } from './label-evidence.js';

const LABELS = ['neutral', '<b>happy</b>'];
const evidence = Array.from({ length: GALLERY + 20 }, (_, i) =>
  evidenceOfLook(`face "${i}"`, 0, Float64Array.of(1 - i / 400, i / 400)),
);
const asked: string[] = [];
const page = await auditPage(auditLabels(evidence, LABELS), {
  title: 'Faces & names',
  basis: '3 epochs',
  pictures: {
    load: (ids) => {
      asked.push(...ids);
      const shown = ids.filter((id) => !id.includes('"7'));
      return Promise.resolve(new Map(shown.map((id) => [id, new Uint8Array(16 * 16).fill(128)])));
    },
    nameOf: (id) => id,
  },
});

it('shows the most suspicious first, and asks for no more pictures than it shows', () => {
  expect(asked).toHaveLength(GALLERY);
  expect(asked.slice(0, 2)).toEqual([`face "${GALLERY + 19}"`, `face "${GALLERY + 18}"`]);
  const ids = [...page.matchAll(/<span class="id">face &quot;(\d+)&quot;<\/span>/g)].map(([, number]) =>
    Number(number),
  );
  expect(ids).toEqual(Array.from({ length: GALLERY }, (_, i) => GALLERY + 19 - i));
  expect(page).toContain(`${GALLERY} of ${GALLERY + 20} labels`);
});

it('is a page that needs nothing else, in which no name becomes markup', () => {
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).toContain('<b>neutral</b>');
  expect(page).toContain('<b>neutral → &lt;b&gt;happy&lt;/b&gt;</b>');
  expect(page).not.toContain('<b>happy');
  expect([...page.matchAll(/src="([^"]{0,23})/g)].every(([, source]) => source === 'data:image/jpeg;base64,')).toBe(
    true,
  );
  expect(page).toContain('no picture');
  expect(page).not.toMatch(/<script|https?:/);
});

it('is written again over itself, but keeps tables whose marks somebody has changed', async () => {
  const folder = await scratchDir();
  const pictures = { load: () => Promise.resolve(new Map<string, Uint8Array>()), nameOf: (id: string) => id };
  const write = (count: number): Promise<void> =>
    writeAudit(folder, auditLabels(evidence.slice(0, count), LABELS), { title: 'Faces', basis: '3 epochs', pictures });
  await write(4);
  await write(5);
  expect((await readdir(folder)).sort()).toEqual(['audit.csv', 'audit.html']);
  const edited: string[] = [];
  for (const count of [6, 7]) {
    const table = (await readFile(join(folder, 'audit.csv'), 'utf8')).replace(',no,', ',yes,');
    await writeFile(join(folder, 'audit.csv'), table);
    edited.push(table);
    await write(count);
  }
  for (const [i, table] of edited.entries())
    expect(await readFile(join(folder, `audit-edited-${i + 1}.csv`), 'utf8')).toBe(table);
  expect((await readFile(join(folder, 'audit.csv'), 'utf8')).trim().split('\r\n')).toHaveLength(8);
});
