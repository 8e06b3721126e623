import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import { THREE_LABELS, epochHistory } from '../../../test/support/epoch-history.js';
import { scratchDir } from '../../../test/support/scratch.js';
import { processIdentity } from '../../files/process-identity.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { tf } from '../../model/tfjs.js';
import { NAW_PARAMETERS } from '../losses/naw-bell.js';
import { nawWeights } from '../losses/naw.js';
import { SeededRandom } from '../util/seeded-random.js';
import { EPOCHS_CSV, EPOCHS_JSONL, RowTable, epochsCsv, epochsJsonl, writeEpochTables } from './epoch-tables.js';

const scratch = await scratchDir();
const rowsOf = (text: string): Record<string, string>[] => parse(text, { columns: true });

describe('tables of the epochs', () => {
  it('hold the whole history, and nothing else is beside them', async () => {
    const folder = join(scratch, 'new run');
    const history = epochHistory(3);
    await writeEpochTables(folder, THREE_LABELS, history);
    expect((await readdir(folder)).sort()).toEqual([EPOCHS_CSV, EPOCHS_JSONL].sort());
    const lines = (await readFile(join(folder, EPOCHS_JSONL), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      history.map((record) => ({ ...record, labels: THREE_LABELS })),
    );
    expect(rowsOf(await readFile(join(folder, EPOCHS_CSV), 'utf8')).map((row) => row['epoch'])).toEqual([
      '1',
      '2',
      '3',
    ]);
  });

  it('forget epochs that a run which went back no longer has, and what a killed write left', async () => {
    const folder = join(scratch, 'went-back');
    await mkdir(folder);
    await writeFile(join(folder, `.${EPOCHS_CSV}.tmp-${processIdentity().place}-999999-1-0123456789ab`), 'half a ta');
    await writeEpochTables(folder, THREE_LABELS, epochHistory(5));
    await writeEpochTables(folder, THREE_LABELS, epochHistory(2));
    expect(rowsOf(await readFile(join(folder, EPOCHS_CSV), 'utf8'))).toHaveLength(2);
    expect((await readFile(join(folder, EPOCHS_JSONL), 'utf8')).trimEnd().split('\n')).toHaveLength(2);
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('keep every digit in CSV, and leave cells empty where there is no number', () => {
    const history = epochHistory(3);
    const [first, second, third] = rowsOf(epochsCsv(THREE_LABELS, history));
    expect(Number(third!['learning_rate'])).toBe(history[2]!.learningRate);
    expect(Number(first!['validation_recall_Neutral'])).toBe(11 / 14);
    expect(first!['validation_recall_Anger']).toBe(''); // does not occur
    expect(first!['part_consistency']).toBe(''); // from the second epoch on
    expect(Number(second!['part_consistency'])).toBe(0.125);
    expect(second!['validation_accuracy']).toBe(''); // no validation
    expect([
      first!['temperature'],
      first!['validation_calibrated_loss'],
      first!['validation_calibrated_error'],
    ]).toEqual(['1.5', '0.75', '0.03125']);
    expect(second!['temperature']).toBe('');
    expect(second!['train_accuracy']).toBe('0.75');
  });

  it('show a loss that blew up', () => {
    const history = epochHistory(1).map((record) => ({ ...record, loss: NaN }));
    expect(rowsOf(epochsCsv(THREE_LABELS, history))[0]!['loss']).toBe('NaN');
    expect(JSON.parse(epochsJsonl(THREE_LABELS, history))).toMatchObject({ epoch: 1, loss: null });
  });

  it('name the file that cannot be written', async () => {
    const inTheWay = join(scratch, 'in-the-way');
    await writeFile(inTheWay, 'a file');
    await expect(writeEpochTables(inTheWay, THREE_LABELS, [])).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringContaining(inTheWay) as string,
    });
    const folder = join(scratch, 'blocked');
    await mkdir(join(folder, EPOCHS_CSV), { recursive: true });
    await expect(writeEpochTables(folder, THREE_LABELS, [])).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringContaining(EPOCHS_CSV) as string,
    });
    expect((await readdir(folder)).filter((name) => name.includes('tmp'))).toEqual([]);
  });
});

describe('row table', () => {
  beforeAll(async () => {
    await openBackend();
  });

  describe('the table of rows', () => {
    it('holds the p_GT and p_NN that NAW weighs by', () => {
      const random = new SeededRandom(3);
      const [count, classes] = [20, 5];
      const labels = Int32Array.from({ length: count }, () => random.int(classes));
      const logits = Float32Array.from({ length: count * classes }, () => 3 * random.normal());
      const table = new RowTable(labels, classes);
      table.put(
        Int32Array.from({ length: count }, (_, i) => i),
        logits,
      );
      tf.tidy(() => {
        const { truth, nearest, truthOnTop } = nawWeights(
          tf.tensor2d(logits, [count, classes]),
          tf.tensor1d(labels, 'int32'),
          { parameters: NAW_PARAMETERS.nla, epsilon: 1 },
        );
        const [gt, nn, top] = [truth.dataSync(), nearest.dataSync(), truthOnTop.dataSync()];
        for (let i = 0; i < count; i += 1) {
          expect(table.values[3 * i]).toBeCloseTo(gt[i]!, 5);
          expect(table.values[3 * i + 1]).toBeCloseTo(nn[i]!, 5);
          expect(table.values[3 * i + 2] === labels[i]).toBe(top[i] === 1);
        }
        expect(table.accuracy()).toBeCloseTo(top.filter((one) => one === 1).length / count, 10);
      });
    });

    it('writes the given rows, the last time counting, and leaves the others empty', () => {
      const table = new RowTable(Int32Array.of(0, 1, -1, 1), 2);
      table.put(Int32Array.of(3, 2), Float32Array.of(9, 0, 9, 0));
      table.put(Int32Array.of(3), Float32Array.of(0, 9));
      expect([...table.values.subarray(0, 9)].every(Number.isNaN)).toBe(true);
      expect(table.values[11]).toBe(1);
      expect(table.accuracy()).toBe(1);
    });

    it('is 0 % right where nothing was seen', () => {
      expect(new RowTable(Int32Array.of(0, 1), 2).accuracy()).toBe(0);
    });
  });
});
