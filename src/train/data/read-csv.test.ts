import fc from 'fast-check';
import { expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { writeTree } from '../../../test/support/write-tree.js';
import { columns, parseCsv, readLines } from './read-csv.js';

it('reads lines with any line ends, without a byte-order mark, and keeps their numbers', async () => {
  const root = await scratchDir();
  await writeTree(root, { 'a.txt': '\uFEFFone\r\n\r\n  two \rthree\n\n' });
  expect(await readLines(`${root}/a.txt`)).toEqual([
    { line: 1, text: 'one' },
    { line: 3, text: 'two' },
    { line: 4, text: 'three' },
  ]);
  await expect(readLines(`${root}/gone.txt`)).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
});

it('reads quoted cells over several lines', () => {
  expect(parseCsv('a, b ,"c ""d"", e"\n\n"two\nlines",x,\n,,\nend', 'a.csv')).toEqual([
    { line: 1, cells: ['a', 'b', 'c "d", e'] },
    { line: 3, cells: ['two\nlines', 'x', ''] },
    { line: 6, cells: ['end'] },
  ]);
});

it('reads back any cells that were quoted by the rules', () => {
  const cell = fc.string().map((text) => text.trim());
  const rows = fc.array(
    fc.array(cell, { minLength: 1, maxLength: 4 }).filter((cells) => cells.some((text) => text !== '')),
  );
  fc.assert(
    fc.property(rows, (table) => {
      const written = table.map((cells) => cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(',')).join('\n');
      expect(parseCsv(written, 'a.csv').map(({ cells }) => cells)).toEqual(table);
    }),
  );
});

it.each([
  ['a,b\nc,"open\nx,y\nz,w\n', 'a.csv, line 2: a quote is opened in this row and never closed'],
  ['"a\nb",c\n\n"d\ne","open', 'a.csv, line 4: a quote is opened in this row and never closed'],
  ['a,b\nc,"closed" too early', 'a.csv, line 2: text after the closing quote of a cell'],
])('refuses quotes that do not match, with the line: %j', (text, message) => {
  expect(() => parseCsv(text, 'a.csv')).toThrow(
    expect.objectContaining({ code: 'INPUT_UNREADABLE', message: expect.stringContaining(message) as string }),
  );
});

it('finds columns in any case', () => {
  const column = columns({ line: 1, cells: ['', 'FileName', 'Face_Vote'] });
  expect([column('filename'), column('face vote'), column('other')]).toEqual([1, 2, undefined]);
});
