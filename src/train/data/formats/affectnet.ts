import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { AFFECTNET } from '../label-maps.js';
import { columns, readCsv } from '../read-csv.js';
import { classWord, collectClassFolders, findClassTree } from '../reading/layouts.js';
import { defineReader } from '../reading/define-reader.js';
import type { Reading } from '../reading/define-reader.js';
import type { Split } from '../sample.js';

const MAGIC = '\u0093NUMPY';

/**
 * The first value of a NumPy .npy file (format versions 1 to 3) of whole numbers, floats or text; data sets keep single labels in such files.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @throws FerError INPUT_UNREADABLE when it is none, is cut short, or holds another kind of value
 */
export function firstNpyValue(bytes: Uint8Array, name: string): number | string {
  const refuse = (what: string): FerError =>
    new FerError('INPUT_UNREADABLE', `${name}: ${what}: copy or download the file again`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || Buffer.from(bytes.subarray(0, 6)).toString('latin1') !== MAGIC)
    throw refuse('is not a .npy file');
  const isLong = bytes[6]! >= 2;
  const headerAt = isLong ? 12 : 10;
  const dataAt = headerAt + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = Buffer.from(bytes.subarray(headerAt, dataAt)).toString('utf8');
  const [, order, kind, digits] = /'descr':\s*'([<>|=]?)([a-zA-Z])(\d+)'/.exec(header) ?? [];
  const size = Number(digits) * (kind === 'U' ? 4 : 1);
  if (kind === undefined || dataAt + size > bytes.length) throw refuse('is truncated or contains no plain value');
  const little = order !== '>';
  switch (`${kind}${digits ?? ''}`) {
    case 'i1':
    case 'b1':
      return view.getInt8(dataAt);
    case 'u1':
      return view.getUint8(dataAt);
    case 'i2':
      return view.getInt16(dataAt, little);
    case 'u2':
      return view.getUint16(dataAt, little);
    case 'i4':
      return view.getInt32(dataAt, little);
    case 'u4':
      return view.getUint32(dataAt, little);
    case 'i8':
      return Number(view.getBigInt64(dataAt, little));
    case 'u8':
      return Number(view.getBigUint64(dataAt, little));
    case 'f4':
      return view.getFloat32(dataAt, little);
    case 'f8':
      return view.getFloat64(dataAt, little);
  }
  if (kind === 'S')
    return Buffer.from(bytes.subarray(dataAt, dataAt + size))
      .toString('latin1')
      .replace(/\0+$/, '');
  if (kind !== 'U') throw refuse(`contains values of the kind "${kind}", not numbers or text`);
  const codes = Array.from({ length: size / 4 }, (_, index) => view.getUint32(dataAt + index * 4, little)).filter(
    (code) => code !== 0,
  );
  return String.fromCodePoint(...codes);
}

const LISTS: readonly { split: Split; name: string }[] = [
  { split: 'train', name: 'training.csv' },
  { split: 'valid', name: 'validation.csv' },
];
const LIST_FOLDERS = ['.', 'Manually_Annotated_file_lists'];
const IMAGE_FOLDERS = [
  'Manually_Annotated_Images',
  'Manually_Annotated/Manually_Annotated_Images',
  'Manually_Annotated',
  '.',
];
const SETS: readonly { split: Split; folder: string }[] = [
  { split: 'train', folder: 'train_set' },
  { split: 'valid', folder: 'val_set' },
];
const NOT_USED = 'none, uncertain or no face';

const classOf = (word: string): string | null | undefined => {
  const byNumber = AFFECTNET.codes.get(word);
  return byNumber === undefined && AFFECTNET.labels.has(classWord(word)) ? classWord(word) : byNumber;
};

/** AffectNet: Mollahosseini, Hasani and Mahoor, 2017; the lists it was first handed out with, the smaller set of one .npy a label, or class folders. */
export const affectnet = defineReader(
  {
    ...{ name: 'affectnet', title: 'AffectNet', labels: AFFECTNET.labels },
    fits: async (folders, root) => {
      const signs = [
        ...SETS.map(({ folder }) => join(folder, 'annotations')),
        join('Manually_Annotated_file_lists', 'training.csv'),
        'training.csv',
      ];
      if ((await folders.first(root, signs)) !== null) return true;
      const tree = await findClassTree(folders, root, classOf);
      const numbers = tree === null ? [] : await folders.subfolders(tree.parts[0]!.path);
      return numbers.includes('0') && numbers.includes('7');
    },
  },
  async (reading) => {
    const { root, folders, wants } = reading;
    const signs = [
      ...SETS.map(({ folder }) => join(folder, 'annotations')),
      ...LISTS.flatMap(({ name }) => LIST_FOLDERS.map((folder) => join(folder, name))),
    ];
    const tree = (await folders.first(root, signs)) === null ? await findClassTree(folders, root, classOf) : null;
    if (tree !== null) {
      await collectClassFolders(reading, tree, { classOf, known: 'the numbers 0 to 7 and their names' });
      return;
    }
    if (
      (await folders.first(
        root,
        SETS.map(({ folder }) => folder),
      )) === null
    ) {
      for (const { split, name } of LISTS.filter((list) => wants(list.split))) {
        await collectList(
          reading,
          split,
          await folders.required(
            root,
            LIST_FOLDERS.map((folder) => join(folder, name)),
          ),
        );
      }
    } else {
      for (const { split, folder } of SETS.filter((set) => wants(set.split)))
        await collectSet(reading, split, join(root, folder));
    }
  },
);

async function collectList({ root, folders, found }: Reading, split: Split, file: string): Promise<void> {
  const rows = await readCsv(file, 'expression');
  const column = columns(rows[0]);
  const hasHeader = column('expression') !== undefined;
  // The validation list has been handed out without a header; the order of its columns is the same.
  const pathAt = column('subDirectory_filePath') ?? 0;
  const expressionAt = column('expression') ?? 6;
  for (const { line, cells } of hasHeader ? rows.slice(1) : rows) {
    const name = cells[pathAt] ?? '';
    const label = AFFECTNET.codes.get(cells[expressionAt] ?? '');
    if (name === '' || label === undefined)
      found.unreadable({ file, line }, `expression "${cells[expressionAt] ?? ''}" is not a class from 0 to 10`);
    else if (label === null) found.skip(NOT_USED);
    else {
      const path = await folders.first(
        root,
        IMAGE_FOLDERS.map((folder) => join(folder, name)),
      );
      if (path === null) found.missing({ file, line }, `no image ${name}`);
      else found.image({ id: name, path, split, label });
    }
  }
}

async function collectSet({ folders, found }: Reading, split: Split, folder: string): Promise<void> {
  const annotations = await folders.required(folder, ['annotations']);
  for (const name of (await folders.files(annotations)).filter((candidate) => candidate.endsWith('_exp.npy'))) {
    const file = join(annotations, name);
    const id = name.slice(0, -'_exp.npy'.length);
    const label = await readLabel(file);
    if (label === undefined) found.unreadable({ file, line: null }, 'contains no class from 0 to 10');
    else if (label === null) found.skip(NOT_USED);
    else {
      const path = await folders.first(join(folder, 'images'), [`${id}.jpg`, `${id}.png`]);
      if (path === null) found.missing({ file, line: null }, `no image images/${id}.jpg`);
      else found.image({ id: `${split}/${id}`, path, split, label });
    }
  }
}

/** Undefined where the file does not say. */
async function readLabel(file: string): Promise<string | null | undefined> {
  try {
    const value = firstNpyValue(await readFile(file), file);
    return value === '' ? undefined : AFFECTNET.codes.get(String(Number(value)));
  } catch (error) {
    if (error instanceof FerError) return undefined;
    throw error;
  }
}
