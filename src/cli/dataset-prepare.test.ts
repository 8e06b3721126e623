import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { noiseFrame } from '../../test/support/face-frames.js';
import { scratchDir } from '../../test/support/scratch.js';
import { writeTree } from '../../test/support/write-tree.js';
import sharp from 'sharp';
import { datasetPrepareCommand, runDatasetPrepare } from './dataset-prepare.js';

it('says what became of the samples, and ends with 1 when some could not be read, with 130 when interrupted', async () => {
  const root = await scratchDir();
  const { data } = noiseFrame(32, 32, 5);
  const noise = await sharp(data, { raw: { width: 32, height: 32, channels: 3 } })
    .png()
    .toBuffer();
  await writeTree(root, {
    'manifest.csv': 'path,label,split\nnoise.png,sad,valid\nempty.png,happy,train\n',
    'noise.png': noise,
    'empty.png': '',
  });
  const output = join(root, 'out');
  const lines: string[] = [];
  const drawn: string[] = [];
  const io = {
    write: (line: string) => void lines.push(line),
    progress: { write: (text: string) => void drawn.push(text) },
  };
  const flags = { output, face: 'whole', size: 24, colour: true } as const;
  expect(await runDatasetPrepare(`manifest:${root}`, flags, { ...io, signal: AbortSignal.abort() })).toBe(130);
  expect(lines).toEqual([`interrupted; ${output} keeps finished work; the same command resumes`]);
  lines.length = 0;
  expect(await runDatasetPrepare(`manifest:${root}`, flags, io)).toBe(1);
  expect(drawn[0]).toMatch(/^engine: /);
  expect(lines.slice(0, 5)).toEqual([
    `manifest: 2 samples, 1 crops in ${output}`,
    '  face found        0',
    '  whole image used  1 (no face detected; training leaves them out unless noFace=whole)',
    '  no face           0',
    '  failed            1',
  ]);
  expect(lines.slice(5)).toEqual([
    'could not be read:',
    expect.stringContaining('empty.png: '),
    expect.stringMatching(/^ {2}no whole face +0 /),
    expect.stringContaining(join(output, 'faces.html')),
  ]);
  lines.length = 0;
  expect(await runDatasetPrepare(`manifest:${root}`, flags, io)).toBe(1);
  expect(lines[0]).toBe(`manifest: 2 samples (done earlier), 1 crops in ${output}`);
  await expect(runDatasetPrepare(`manifest:${root}`, { ...flags, size: 48 }, io)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  await expect(
    runDatasetPrepare(`prepared:${output}`, { ...flags, output: join(root, 'again') }, io),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

it('says when rows of the data set were skipped, and ends with 1', async () => {
  const root = await scratchDir();
  const noise = await sharp(noiseFrame(32, 32, 5).data, { raw: { width: 32, height: 32, channels: 3 } })
    .png()
    .toBuffer();
  await writeTree(root, {
    'manifest.csv': 'path,label,split\nnoise.png,sad,train\ngone.png,happy,train\nnoise.png,sad,tarin\n',
    'noise.png': noise,
  });
  const lines: string[] = [];
  const io = { write: (line: string) => void lines.push(line), progress: { write: () => undefined } };
  expect(await runDatasetPrepare(`manifest:${root}`, { output: join(root, 'out'), face: 'whole', size: 24 }, io)).toBe(
    1,
  );
  expect(lines[0]).toContain('1 samples, 1 crops');
  expect(lines.at(-1)).toContain(`: 2; run: fer dataset check manifest:${root}`);
});

it('takes --no-face with a value', async () => {
  const parse = async (...args: string[]): Promise<unknown> => {
    const program = new Command('dataset');
    datasetPrepareCommand(program);
    const [prepare] = program.commands;
    prepare!.action(() => undefined);
    await program.parseAsync(['prepare', 'ferplus:x', '-o', 'y', ...args], { from: 'user' });
    return prepare!.opts();
  };
  expect(await parse()).toEqual({ output: 'y', face: 'whole', size: 48, samplesPerJob: 500 });
  expect(await parse('--no-face', 'skip', '--fps', '5', '--colour')).toEqual({
    output: 'y',
    face: 'skip',
    size: 48,
    fps: 5,
    colour: true,
    samplesPerJob: 500,
  });
});
