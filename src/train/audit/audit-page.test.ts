import { expect, it } from 'vitest';
import { auditLabels } from './audit-labels.js';
import { GALLERY, auditPage } from './audit-page.js';
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
