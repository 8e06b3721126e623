import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GOOD, LABELS, METADATA, arbitraryResults, face, frame } from '../../../test/output/support/results.js';
import { temporaryFolder } from '../../../test/output/support/media.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import type { RunMetadata } from '../results/annotation-schema.js';
import { CSV } from './csv.js';
import { csvText, resultColumns, tableRows } from '../results/result-columns.js';
import { roundedResult } from '../results/jsonl-text.js';

async function csvFile(results: readonly FrameResult[], metadata: RunMetadata = METADATA): Promise<string> {
  const path = join(temporaryFolder(), 'clip.csv');
  const writer = await CSV.open(path, metadata, { sourcePath: null });
  for (const result of results) await writer.write(roundedResult(result));
  await writer.prepare(GOOD);
  await writer.commit();
  return readFile(path, 'utf8');
}

describe('CSV', () => {
  it('has these columns', () => {
    expect(
      resultColumns({ labels: ['a', 'b'] })
        .map(({ name }) => name)
        .join(),
    ).toBe(
      'frame,timestamp,face_id,success,confidence,x,y,w,h,a,b,label,ambiguity,trust,certainty,quality,size,sharpness,yaw,pitch,roll,' +
        'eyes_visible,mouth_visible,eye_opening,mouth_opening,speaking',
    );
  });

  it('has one row per face per frame, and a placeholder for a frame without one', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryResults, async (results) => {
        const rows = parse<Record<string, string>>(await csvFile(results), { columns: true });
        const expected = results.flatMap((result) => {
          const { index, faces } = roundedResult(result);
          return faces.length === 0 ? [`${index}:`] : faces.map(({ trackId }) => `${index}:${trackId}`).sort();
        });
        expect(rows.map((row) => `${row['frame'] ?? ''}:${row['face_id'] ?? ''}`)).toEqual(expected);
        for (const row of rows) {
          const { timestamp, faces } = roundedResult(results[Number(row['frame'])]!);
          expect(Number(row['timestamp'])).toBe(timestamp);
          const written = faces.find(({ trackId }) => String(trackId) === row['face_id']);
          if (written === undefined) continue;
          expect(row['success']).toBe(written.evidence === 'coasted' ? '0' : '1');
          expect([row['x'], row['y'], row['w'], row['h']].map(Number)).toEqual([
            written.box.x,
            written.box.y,
            written.box.width,
            written.box.height,
          ]);
          expect(LABELS.map((label) => Number(row[label]))).toEqual(
            LABELS.map((label) => written.probabilities[label]),
          );
          expect(row['label']).toBe(written.label);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('writes the placeholder and a coasted face like this', () => {
    const columns = resultColumns({ labels: ['a'] });
    const empty = Array.from({ length: 15 }, () => '');
    expect(tableRows(frame(3, 0.12, []), columns)).toEqual([[3, 0.12, '', 0, 0, '', '', '', '', '', ...empty]]);
    const coasted = face(7, 'anger', { evidence: 'coasted', probabilities: { a: 1 }, label: 'a', ambiguity: 0 });
    const trust = ['sure', 0.95, 0.8, 40, 0.7, 3, 4, -2, 1, 1, 0.3, 0.1, ''];
    expect(tableRows(frame(4, 0.16, [coasted]), columns)).toEqual([
      [4, 0.16, 7, 0, 0.9, 20, 60, 80, 90, 1, 'a', 0, ...trust],
    ]);
  });

  it('keeps to RFC 4180: CR LF, quotes doubled', async () => {
    const labels = ['plain', 'with, comma', 'with "quotes"'];
    const odd = face(1, 'plain', {
      label: 'with, comma',
      probabilities: { plain: 0.2, 'with, comma': 0.5, 'with "quotes"': 0.3 },
    });
    const text = await csvFile([frame(0, 0, [odd])], { ...METADATA, model: { ...METADATA.model, labels } });
    expect(text.split('\r\n')).toHaveLength(3);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(text).toContain(',plain,"with, comma","with ""quotes""",label,ambiguity,trust,');
    expect(text).toContain('0.2,0.5,0.3,"with, comma",');
  });

  it('names the file of each image, and says why one is unreadable', async () => {
    const images = { ...METADATA, input: { ...METADATA.input, kind: 'images' as const } };
    const text = await csvFile(
      [
        { ...frame(0, 0, [face(1, 'anger')]), file: 'a, b.png' },
        { ...frame(1, 1, []), file: 'c.png', status: 'unreadable', problem: 'truncated' },
      ],
      images,
    );
    const rows = parse<Record<string, string>>(text, { columns: true });
    expect(rows.map(({ file, label, problem }) => [file, label, problem])).toEqual([
      ['a, b.png', 'anger', ''],
      ['c.png', '', 'truncated'],
    ]);
  });
});

describe('csvText', () => {
  it('writes what csv-stringify writes', () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'é') }),
      fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 4 }), (rows) => {
        expect(csvText(rows)).toBe(stringify(rows, { record_delimiter: 'windows', quoted_match: /[\r\n]/ }));
      }),
    );
  });
});
