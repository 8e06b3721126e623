import { basename, parse } from 'node:path';
import { EXPRESSIONS_8 } from '../../../model/label-set.js';
import { columns, readCsv } from '../read-csv.js';
import { canonicalLabel } from '../label-maps.js';
import { defineReader } from '../reading/define-reader.js';

/** Changes with the rule of the split, so that figures of two rules are never compared by accident. */
const SPLIT_SEED = 'ferstream-eitw-1:';

/** Name prefix of pictures from a web search, which name no person. */
const COLLECTION = 'facial-expressions';

/**
 * Expressions in the wild: photographs of people in the news and in films, labelled by few people (github.com/muxspace/facial_expressions); `manifest.csv` with
 * the columns path and label next to a folder of faces. The set has no official division. It is split by person: train where
 * the FNV-1a hash of the person is even, else test.
 */
export const expressionsInTheWild = defineReader(
  {
    ...{ name: 'expressions-in-the-wild', title: 'Expressions in the wild', labels: EXPRESSIONS_8 },
    // Its table looks like anybody's; the folder of this name is what tells it.
    fits: async (folders, root) =>
      basename(root) === 'expressions-in-the-wild' && (await folders.first(root, ['manifest.csv'])) !== null,
  },
  async ({ root, folders, found, wants }) => {
    const file = await folders.required(root, ['manifest.csv']);
    const [header, ...rows] = await readCsv(file);
    const column = columns(header);
    const [pathAt, labelAt] = [column('path') ?? 0, column('label') ?? 1];
    for (const { line, cells } of rows) {
      const name = cells[pathAt] ?? '';
      const label = canonicalLabel(cells[labelAt] ?? '');
      if (name === '' || !EXPRESSIONS_8.has(label)) {
        found.unreadable(
          { file, line },
          `"${cells.join(',')}" is not a path and one of ${EXPRESSIONS_8.labels.join(', ')}`,
        );
        continue;
      }
      const subject = personIn(name);
      const split = fnv1a(SPLIT_SEED + subject) % 2 === 0 ? 'train' : 'test';
      if (!wants(split)) continue;
      const path = await folders.first(root, [name]);
      if (path !== null)
        found.image({ id: name, path, label, subject: subject === COLLECTION ? null : subject, split });
      else found.missing({ file, line }, `no image ${name}`);
    }
  },
);

/** "faces/Aaron_Sorkin_0001.jpg" shows Aaron_Sorkin. A picture whose name has no number counts as a separate person. */
export function personIn(path: string): string {
  return parse(path).name.replace(/_\d+[a-z]?$/, '');
}

/** FNV-1a, 32 bits, over the UTF-8 bytes. http://www.isthe.com/chongo/tech/comp/fnv/ */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
