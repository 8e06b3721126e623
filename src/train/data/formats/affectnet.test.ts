import { expect, it } from 'vitest';
import { scratchDir } from '../../../../test/support/scratch.js';
import { standIns, writeTree } from '../../../../test/support/write-tree.js';
import { affectnet, firstNpyValue } from './affectnet.js';

/** A 0-dimensional array as NumPy writes it. */
function npy(descr: string, value: Buffer, version = 1): Buffer {
  const header = Buffer.from(`{'descr': '${descr}', 'fortran_order': False, 'shape': (), }\n`);
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(header.length, 0, length.length);
  return Buffer.concat([Buffer.from([0x93]), Buffer.from('NUMPY'), Buffer.from([version, 0]), length, header, value]);
}

/** NumPy keeps text as four bytes a letter. */
const text = (value: string): Buffer =>
  npy(`<U${value.length}`, Buffer.from(Uint32Array.from(value, (letter) => letter.charCodeAt(0)).buffer));

it('reads the lists: with a header, and without', async () => {
  const root = await scratchDir();
  const header =
    'subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal';
  await writeTree(root, {
    'Manually_Annotated_file_lists/training.csv': `${header}\r\n689/a b.JPG,134,134,899,899,181.64;530.9,1,0.78,-0.2\r\n2/x.jpg,1,1,9,9,1;2,9,-2,-2\r\n2/gone.jpg,1,1,9,9,1;2,6,0,0\r\n`,
    'Manually_Annotated_file_lists/validation.csv': '737/v.jpg,1,1,9,9,1;2,7,0,0\n737/w.jpg,1,1,9,9,1;2,11,0,0\n',
    ...standIns(
      'Manually_Annotated/Manually_Annotated_Images/689/a b.JPG',
      'Manually_Annotated/Manually_Annotated_Images/737/v.jpg',
    ),
  });
  const { samples, problems, leftOut } = await affectnet.read(root);
  expect(samples.map(({ id, label, split }) => [id, label, split])).toEqual([
    ['689/a b.JPG', 'happiness', 'train'],
    ['737/v.jpg', 'contempt', 'valid'],
  ]);
  expect(leftOut).toEqual({ 'none, uncertain or no face': 1 });
  expect(problems.map(({ kind, line }) => [kind, line])).toEqual([
    ['missing-file', 4],
    ['unreadable-row', 2],
  ]);
});

it('reads one .npy a label', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'train_set/annotations/0_exp.npy': text('3'),
    'train_set/annotations/0_val.npy': text('-0.2'),
    'train_set/annotations/1_exp.npy': npy('<i8', Buffer.from([8, 0, 0, 0, 0, 0, 0, 0])),
    'train_set/annotations/2_exp.npy': 'cut short',
    'train_set/annotations/3_exp.npy': text('0'),
    'val_set/annotations/0_exp.npy': text('6'),
    ...standIns('train_set/images/0.jpg', 'val_set/images/0.jpg'),
  });
  const { samples, problems, leftOut } = await affectnet.read(root);
  expect(samples.map(({ id, label, split }) => [id, label, split])).toEqual([
    ['train/0', 'surprise', 'train'],
    ['valid/0', 'anger', 'valid'],
  ]);
  expect(leftOut).toEqual({ 'none, uncertain or no face': 1 });
  expect(problems.map(({ kind, file }) => [kind, file.split('/').at(-1)])).toEqual([
    ['unreadable-row', '2_exp.npy'],
    ['missing-file', '3_exp.npy'],
  ]);
});

it('reads what NumPy writes', () => {
  const double = Buffer.alloc(8);
  double.writeDoubleBE(2.5);
  expect(firstNpyValue(npy('>f8', double), 'x')).toBe(2.5);
  expect(firstNpyValue(npy('<i4', Buffer.from([255, 255, 255, 255]), 2), 'x')).toBe(-1);
  expect(firstNpyValue(npy('|S3', Buffer.from('10\0')), 'x')).toBe('10');
  expect(firstNpyValue(text('10'), 'x')).toBe('10');
  expect(() => firstNpyValue(npy('<i8', Buffer.from([1])), 'x')).toThrow(/truncated/);
  expect(() => firstNpyValue(npy('|O8', Buffer.alloc(8)), 'x')).toThrow(/kind "O"/);
});

it('reads copies that are class folders, by number and by name', async () => {
  const root = await scratchDir();
  await writeTree(
    root,
    standIns('train_set/0/a.jpg', 'train_set/7/b.jpg', 'train_set/9/d.jpg', 'val_set/Surprise/c.png'),
  );
  const { samples, leftOut } = await affectnet.read(root);
  expect(samples.map(({ label, split }) => [label, split])).toEqual([
    ['neutral', 'train'],
    ['contempt', 'train'],
    ['surprise', 'valid'],
  ]);
  expect(leftOut).toEqual({ 'class "9"': 1 });
});

it('reads lists without a header though their landmarks hold more semicolons than the rows commas', async () => {
  const root = await scratchDir();
  const landmarks = Array.from({ length: 136 }, (_, i) => i + 0.5).join(';');
  await writeTree(root, {
    'training.csv': `subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n1/a.jpg,1,1,9,9,${landmarks},1,0,0\n`,
    'validation.csv': `1/b.jpg,1,1,9,9,${landmarks},7,0,0\n`,
    ...standIns('Manually_Annotated_Images/1/a.jpg', 'Manually_Annotated_Images/1/b.jpg'),
  });
  const { samples, problems } = await affectnet.read(root);
  expect([samples.map(({ label, split }) => [label, split]), problems]).toEqual([
    [
      ['happiness', 'train'],
      ['contempt', 'valid'],
    ],
    [],
  ]);
});

it('does not take an empty label for class 0', async () => {
  const root = await scratchDir();
  await writeTree(root, {
    'val_set/annotations/0_exp.npy': text('\0'),
    ...standIns('val_set/images/0.jpg'),
  });
  const { samples, problems } = await affectnet.read(root, { split: 'valid' });
  expect([samples, problems.map(({ kind }) => kind)]).toEqual([[], ['unreadable-row']]);
});
