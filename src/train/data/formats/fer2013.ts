import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { EXPRESSIONS_7, EXPRESSIONS_8 } from '../../../model/label-set.js';
import { columns, readCsv, separatorOf, streamLines } from '../read-csv.js';
import { FER2013, FERPLUS } from '../label-maps.js';
import { classWord, collectClassFolders, findClassTree } from '../reading/layouts.js';
import { defineReader } from '../reading/define-reader.js';
import type { Reading } from '../reading/define-reader.js';
import { strictMajority } from './ferplus.js';
import type { NoVerdict, Verdict } from './ferplus.js';
import type { Split } from '../sample.js';

const FILES = ['fer2013.csv/fer2013.csv', 'fer2013.csv', 'fer2013/fer2013.csv', 'icml_face_data.csv'];
const VOTES = ['fer2013new.csv', 'fer2013/fer2013new.csv'];
const SIDE = 48;
const USAGES: ReadonlyMap<string, Split> = new Map([
  ['training', 'train'],
  ['publictest', 'valid'],
  ['privatetest', 'test'],
]);

const classOf = (word: string): string | undefined =>
  FER2013.codes.get(word) ?? (FER2013.labels.has(classWord(word)) ? classWord(word) : undefined);

/**
 * FER2013: Goodfellow et al., "Challenges in representation learning", 2013, as handed out: a table of emotion, pixels and usage. With the votes of FERPlus
 * beside it, which go by its rows, labels are theirs, by strict majority. Copies that are class folders of images are read too.
 */
export const fer2013 = defineReader(
  {
    ...{ name: 'fer2013', title: 'FER2013', labels: null },
    fits: async (folders, root) => (await folders.first(root, FILES)) !== null,
  },
  async (reading) => {
    const { root, folders } = reading;
    const tree = (await folders.first(root, FILES)) === null ? await findClassTree(folders, root, classOf) : null;
    if (tree !== null) await collectClassFolders(reading, tree, { classOf, known: FER2013.labels.labels.join(', ') });
    const votes = tree === null ? await readVotes(reading) : null;
    if (tree === null) await collectTable(reading, await folders.required(root, FILES), votes);
    return votes === null ? EXPRESSIONS_7 : EXPRESSIONS_8;
  },
);

async function collectTable({ root, found, wants }: Reading, file: string, votes: Votes | null): Promise<void> {
  let [line, row, separator] = [0, 0, ','];
  let places: { readonly emotion: number; readonly pixels: number; readonly usage: number } | null = null;
  // Of 300 MB, line by line.
  for await (const text of streamLines(file)) {
    line += 1;
    // Spreadsheets of many countries write semicolons.
    if (line === 1) separator = separatorOf(text).delimiter;
    const cells = text.split(separator).map((cell) => cell.replace(/^\s*"?|"?\s*$/g, ''));
    if (places === null) {
      const column = columns({ line, cells: cells.map((cell) => cell.replace(/^\uFEFF/, '')) });
      places = { emotion: column('emotion') ?? 0, pixels: column('pixels') ?? 1, usage: column('usage') ?? 2 };
      if (column('pixels') !== undefined) continue;
    }
    if (text.trim() === '') continue;
    row += 1;
    const split = USAGES.get((cells[places.usage] ?? '').toLowerCase());
    const label = FER2013.codes.get(cells[places.emotion] ?? '') ?? undefined;
    const grey = pixelsOf(cells[places.pixels] ?? '');
    if (split === undefined || label === undefined || grey === null) {
      found.unreadable(
        { file, line },
        'is not an emotion from 0 to 6, 2304 grey values, and Training, PublicTest or PrivateTest',
      );
      continue;
    }
    if (!wants(split)) continue;
    const verdict = votes === null ? null : votes.get(row);
    if (verdict === undefined) found.unreadable({ file, line }, 'has no row of votes in fer2013new.csv');
    else if (typeof verdict === 'string') found.skip(verdict);
    else
      found.image({
        ...{ id: `${split}/${String(row).padStart(5, '0')}`, path: file, split },
        label: verdict === null ? label : FERPLUS.labels[verdict.index]!,
        softLabel: verdict?.shares ?? null,
        embedded: { name: `${relative(root, file)}:${line}`, width: SIDE, height: SIDE, grey },
        content: `${createHash('sha256').update(grey).digest('hex')}@0-`,
      });
  }
}

/** Null for anything but 48 x 48 values in 0..255. */
function pixelsOf(text: string): Uint8Array | null {
  const values = text.trim().split(/\s+/).map(Number);
  const good =
    values.length === SIDE * SIDE && values.every((value) => Number.isInteger(value) && value >= 0 && value <= 255);
  return good ? Uint8Array.from(values) : null;
}

/** Votes by row of the table, from 1. */
type Votes = ReadonlyMap<number, Verdict | NoVerdict>;

/** Null without votes next to the table. */
async function readVotes({ root, folders }: Reading): Promise<Votes | null> {
  const file = await folders.first(root, VOTES);
  if (file === null) return null;
  const [header, ...rows] = await readCsv(file);
  const column = columns(header);
  const names = [...FERPLUS.labels, 'unknown', 'nf'];
  const places = names.map((name, i) => column(name) ?? i + 2);
  return new Map(
    rows.map(({ cells }, i) => [
      i + 1,
      strictMajority(
        places.map((place) => Number(cells[place] ?? 0)),
        FERPLUS.size,
      ),
    ]),
  );
}
