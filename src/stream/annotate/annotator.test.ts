import { afterEach, expect, it, vi } from 'vitest';
import { lastValueFrom } from 'rxjs';
import sharp from 'sharp';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PEOPLE, photoPath } from '../../../test/support/face-frames.js';
import { rememberNetworks } from '../../../test/support/remembered-networks.js';
import { scratchDir } from '../../../test/support/scratch.js';
import type { FrameSource } from '../../ingest/sources/frame-source.js';
import { TrainedModel } from '../../model/heads/trained-model.js';
import { Annotation } from './annotation.js';
import { Annotator, annotate, annotate$ } from './annotator.js';
import { annotateBatch } from './batch.js';
import type { RunMetadata } from '../results/annotation-schema.js';

const scratch = await scratchDir();
afterEach(() => {
  vi.restoreAllMocks();
});

it('frees the networks of an Observable that is unsubscribed while they load', async () => {
  const input = join(scratch, 'clip.mp4');
  await writeFile(input, 'never read');
  const dispose = vi.fn();
  let opened: (annotator: Annotator) => void = () => undefined;
  const opening = new Promise<Annotator>((resolve) => (opened = resolve));
  const open = vi.spyOn(Annotator, 'open').mockReturnValue(opening);
  const subscription = annotate$(input).subscribe();
  await vi.waitFor(
    () => {
      expect(open).toHaveBeenCalled();
    },
    { timeout: 60_000 },
  );
  subscription.unsubscribe();
  opened({
    annotate: () => Promise.resolve({ settled: new Promise(() => undefined) }),
    dispose,
  } as unknown as Annotator);
  await vi.waitFor(
    () => {
      expect(dispose).toHaveBeenCalledOnce();
    },
    { timeout: 60_000 },
  );
});

it('refuses a prior that does not fit the model, as an iterable and as an Observable', async () => {
  rememberNetworks();
  const { photo, ...section } = PEOPLE.blond;
  const input = join(scratch, 'face.png');
  await sharp(photoPath(photo)).extract(section).resize(200, 200).png().toFile(input);
  const options = { prior: { bliss: 1 }, backend: 'wasm', workers: 0 } as const;
  const refusal = { code: 'CONFIG_INVALID', message: expect.stringContaining('no class "bliss"') as string };
  await expect(annotate(input, options).next()).rejects.toMatchObject(refusal);
  await expect(lastValueFrom(annotate$(input, options))).rejects.toMatchObject(refusal);
});

it('passes on the error of a pipeline that cannot be started, and holds nothing', async () => {
  const broken = (): Annotation =>
    new Annotation({} as RunMetadata, {} as FrameSource, () => {
      throw new Error('no pipeline');
    });
  const iterated = broken();
  await expect(iterated[Symbol.asyncIterator]().next()).rejects.toThrow('no pipeline');
  await iterated.settled;
  const dispose = vi.fn();
  const annotator = { annotate: () => Promise.resolve(broken()), dispose };
  vi.spyOn(Annotator, 'open').mockResolvedValue(annotator as unknown as Annotator);
  const input = join(scratch, 'observed.mp4');
  await writeFile(input, 'never read');
  await expect(lastValueFrom(annotate$(input))).rejects.toThrow('no pipeline');
  expect(dispose).toHaveBeenCalledOnce();
});

it('ends a batch whose engine no longer computes, and goes on where it does', async () => {
  rememberNetworks();
  const { photo, ...section } = PEOPLE.blond;
  const inputs = ['one.png', 'two.png'].map((name) => join(scratch, name));
  for (const path of inputs) await sharp(photoPath(photo)).extract(section).resize(200, 200).png().toFile(path);
  const options = { outputDir: join(scratch, 'out'), formats: ['jsonl'], backend: 'wasm', workers: 0 } as const;
  const run = async (): Promise<string[]> => {
    const events: string[] = [];
    for await (const { type } of annotateBatch(inputs, options)) events.push(type);
    return events;
  };
  const encode = vi.spyOn(TrainedModel.prototype, 'encode').mockRejectedValue(new Error('memory access out of bounds'));
  await expect(run()).rejects.toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    message: expect.stringMatching(/wasm no longer computes .*it resumes/) as string,
  });
  encode.mockRestore();
  vi.spyOn(TrainedModel.prototype, 'encode').mockRejectedValueOnce(new Error('this one only'));
  const events = await run();
  expect(events.filter((type) => type === 'failed')).toHaveLength(1);
  expect(events.filter((type) => type === 'done')).toHaveLength(1);
});
