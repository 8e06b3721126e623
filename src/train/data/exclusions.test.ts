import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { excludedRows, readExclusions } from './exclusions.js';

const dir = await scratchDir();

async function table(name: string, ...lines: string[]): Promise<string> {
  const file = join(dir, name);
  await writeFile(file, lines.join('\r\n'));
  return file;
}

describe('rows to leave out', () => {
  it('are those marked, or those above a score', async () => {
    const file = await table(
      'audit.csv',
      '\uFEFFid,given,score,exclude',
      'a,x,0.9,yes',
      '"b, 2",x,0.8,No',
      'c,x,0.7,YES',
      'd,x,0.2,',
    );
    expect([...(await readExclusions({ file, above: null })).lines]).toEqual([
      ['a', 2],
      ['c', 4],
    ]);
    expect([...(await readExclusions({ file, above: 0.7 })).lines.keys()]).toEqual(['a', 'b, 2']);
    expect((await readExclusions({ file, above: 1 })).lines.size).toBe(0);
  });

  it('are read from what a spreadsheet saves: UTF-16, Windows-1252, semicolons', async () => {
    const text = 'id;score;exclude\r\nJosé.png;0.9;yes\r\nb;0.1;no\r\n';
    for (const [name, bytes] of [
      ['utf16.csv', Buffer.from(`\uFEFF${text}`, 'utf16le')],
      ['cp1252.csv', Buffer.from(text, 'latin1')],
    ] as const) {
      const file = join(dir, name);
      await writeFile(file, bytes);
      expect([...(await readExclusions({ file, above: null })).lines.keys()]).toEqual(['José.png']);
    }
  });

  it('are requested by a valid file, else an error names the line', async () => {
    const code = 'CONFIG_INVALID';
    await expect(readExclusions({ file: join(dir, 'none.csv'), above: null })).rejects.toMatchObject({
      code: 'INPUT_NOT_FOUND',
      message: expect.stringContaining('none.csv cannot be read') as string,
    });
    await expect(readExclusions({ file: await table('a.csv', 'id,score', 'a,1'), above: null })).rejects.toMatchObject({
      code,
      message: expect.stringContaining('no column "exclude"') as string,
    });
    await expect(
      readExclusions({ file: await table('b.csv', 'name,exclude', 'a,yes'), above: null }),
    ).rejects.toMatchObject({ code, message: expect.stringContaining('no column "id"') as string });
    await expect(
      readExclusions({ file: await table('c.csv', 'id,exclude', 'a,no', 'b,maybe'), above: null }),
    ).rejects.toMatchObject({ code, message: expect.stringMatching(/c\.csv, line 3: "maybe"/) as string });
    await expect(
      readExclusions({ file: await table('d.csv', 'id,score', 'a,high'), above: 0.5 }),
    ).rejects.toMatchObject({ code, message: expect.stringMatching(/d\.csv, line 2: score "high"/) as string });
    await expect(readExclusions({ file: await table('e.csv'), above: null })).rejects.toMatchObject({ code });
  });
});

describe('the message about them', () => {
  const all = (): string[] => ['a', 'b', 'c', 'validation'];
  const excluded = (file: string, training = ['a', 'b', 'c']) =>
    excludedRows({ exclude: { file, above: null }, data: 'manifest:own' }, training, all);

  it('is their number, and nothing else without problems', async () => {
    const file = await table('good.csv', 'id,exclude', 'a,yes', 'b,no', 'c,yes');
    expect(await excluded(file)).toEqual({
      ids: new Set(['a', 'c']),
      leftOut: { [`excluded by ${file}`]: 2 },
      notes: [],
    });
  });

  it('names ids that the data set does not have, and counts those that are not trained on anyhow', async () => {
    const file = await table('mixed.csv', 'id,exclude', 'a,yes', 'typo,yes', 'validation,yes');
    const { leftOut, notes } = await excluded(file);
    expect(leftOut).toEqual({ [`excluded by ${file}`]: 1 });
    expect(notes).toEqual([
      `${file}: marked, but not in this data set: 1, such as "typo" (line 3)`,
      `${file}: marked, but not in the training part, and kept: 1`,
    ]);
  });

  it('is that none is left out, where none is marked', async () => {
    const file = await table('none-marked.csv', 'id,exclude', 'a,no');
    expect(await excluded(file)).toMatchObject({ leftOut: {}, notes: [`${file} excludes no training row`] });
  });

  it('is an error where all are of another data set', async () => {
    const file = await table('other.csv', 'id,exclude', 'x,yes', 'y,yes');
    await expect(excluded(file)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `exclude: manifest:own has none of the 2 rows marked in ${file}, such as "x" (line 2): give the audit of this data set`,
    });
  });

  it('is nothing, and the data set is not looked through, where a run does not ask for it', async () => {
    const never = (): string[] => {
      throw new Error('looked through');
    };
    expect(await excludedRows({ exclude: null, data: 'manifest:own' }, ['a'], never)).toEqual({
      ids: new Set(),
      leftOut: {},
      notes: [],
    });
  });
});
