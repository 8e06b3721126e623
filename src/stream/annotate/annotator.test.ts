import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { lastValueFrom } from 'rxjs';
import sharp from 'sharp';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PEOPLE, photoPath } from '../../../test/support/face-frames.js';
import { rememberNetworks } from '../../../test/support/remembered-networks.js';
import { scratchDir } from '../../../test/support/scratch.js';
import type { Frame } from '../../ingest/frame.js';
import type { FrameSource } from '../../ingest/sources/frame-source.js';
import { TrainedModel } from '../../model/heads/trained-model.js';
import { Annotation } from './annotation.js';
import { Annotator, annotate, annotate$ } from './annotator.js';
import { annotateBatch } from './batch.js';
import type { BatchOptions } from './batch.js';
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

describe('on one picture', () => {
  const input = join(scratch, 'one.png');
  const options = { backend: 'wasm', workers: 0 } as const;

  beforeAll(async () => {
    rememberNetworks();
    const { photo, ...section } = PEOPLE.blond;
    await sharp(photoPath(photo)).extract(section).resize(200, 200).png().toFile(input);
  });

  it('can be disposed twice; then its networks say why they do not run', async () => {
    const annotator = await Annotator.open(options);
    annotator.dispose();
    annotator.dispose();
    const annotation = await annotator.annotate({ kind: 'images', path: input, name: 'one.png' });
    await expect(annotation[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('used after dispose()') as string,
    });
  });

  it('is consumed once, and opens only inputs', async () => {
    const annotator = await Annotator.open(options);
    const annotation = await annotator.annotate({ kind: 'images', path: input, name: 'one.png' });
    for await (const { status } of annotation) expect(status).toBe('ok');
    await expect(annotation[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'USAGE',
      message: 'one.png: an annotation can be consumed only once; annotate the input again',
    });
    await expect(annotator.annotate(input as never)).rejects.toMatchObject({ code: 'USAGE' });
    annotator.dispose();
  });

  it('is stopped by a signal: before, while it waits for a result, while it opens, and between two results', async () => {
    const interrupted = { code: 'INTERRUPTED', message: `${input}: stopped before its end` };
    await expect(annotate(input, { ...options, signal: AbortSignal.abort() }).next()).rejects.toMatchObject(
      interrupted,
    );

    const stop = new AbortController();
    const waiting = new Annotation(
      { input: { name: 'endless' } } as RunMetadata,
      { frames: endless } as unknown as FrameSource,
      () => ({ push: () => Promise.resolve([]), encodesAtOnce: 1, dispose: () => Promise.resolve() }) as never,
    );
    const dispose = vi.fn();
    vi.spyOn(Annotator, 'open').mockResolvedValue({
      annotate: () => Promise.resolve(waiting),
      dispose,
    } as unknown as Annotator);
    const next = annotate(input, { signal: stop.signal }).next();
    setTimeout(() => {
      stop.abort();
    }, 50);
    await expect(next).rejects.toMatchObject(interrupted);
    await waiting.settled;
    expect(dispose).toHaveBeenCalledOnce();
    vi.restoreAllMocks();

    const early = new AbortController();
    let opened: (annotator: Annotator) => void = () => undefined;
    vi.spyOn(Annotator, 'open').mockReturnValue(new Promise((resolve) => (opened = resolve)));
    const first = annotate(input, { signal: early.signal }).next();
    setTimeout(() => {
      early.abort();
    }, 50);
    await expect(first).rejects.toMatchObject(interrupted);
    const freed = vi.fn();
    opened({ annotate: () => Promise.resolve(null), dispose: freed } as unknown as Annotator);
    await vi.waitFor(() => {
      expect(freed).toHaveBeenCalledOnce();
    });
    vi.restoreAllMocks();

    const later = new AbortController();
    const results = annotate(input, { ...options, signal: later.signal });
    expect((await results.next()).done).toBe(false);
    later.abort();
    await expect(results.next()).rejects.toMatchObject(interrupted);
  });

  it.each([
    ['a text, which would be a list of characters', input, {}, 'USAGE'],
    ['no formats', [input], { formats: undefined }, 'CONFIG_INVALID'],
    ['an empty list of formats', [input], { formats: [] }, 'CONFIG_INVALID'],
    ['no folder', [input], { outputDir: undefined }, 'CONFIG_INVALID'],
  ])('refuses a batch with %s', async (_, inputs, change, code) => {
    const given: object = { outputDir: scratch, formats: ['jsonl'], ...options, ...change };
    const batch = annotateBatch(inputs as string[], given as BatchOptions);
    await expect(batch.next()).rejects.toMatchObject({ code });
  });
});

/** A frame that never comes, until the signal. */
async function* endless(signal: AbortSignal): AsyncGenerator<Frame> {
  await once(signal, 'abort');
  yield* [];
}

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
