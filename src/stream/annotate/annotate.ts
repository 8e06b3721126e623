import { createRequire } from 'node:module';
import type * as rxjs from 'rxjs';
import { expandInputs } from '../../ingest/sources/expand-inputs.js';
import type { Input } from '../../ingest/sources/frame-source.js';
import { FerError } from '../../errors/fer-error.js';
import type { AnnotateOptions } from './annotate-options.js';
import { Annotator } from './annotator.js';
import type { FrameResult } from '../pipeline/frame-result.js';

/**
 * Annotates one file, image folder, URL or stdin ("-"): one result for every frame, in order.
 * The decoder waits for the loop; leaving the loop stops everything. For many inputs, open an `Annotator` once instead.
 *
 * @throws FerError with a code of docs/errors.md
 * @example
 * for await (const { timestamp, faces } of annotate('clip.mp4')) console.log(timestamp, faces[0]?.label);
 */
export async function* annotate(
  input: string,
  options: AnnotateOptions = {},
): AsyncGenerator<FrameResult, void, undefined> {
  const single = await singleInput(input);
  const annotator = await Annotator.open(options);
  try {
    yield* await annotator.annotate(single);
  } finally {
    annotator.dispose();
  }
}

/** The same as an Observable, cold: every subscription annotates the input again. */
export function annotate$(input: string, options: AnnotateOptions = {}): rxjs.Observable<FrameResult> {
  // Loaded when called: RxJS takes a third of the time in which ferstream is imported.
  const { defer, from, mergeMap } = createRequire(import.meta.url)('rxjs') as typeof rxjs;
  return defer(() => from(openBoth(input, options))).pipe(
    mergeMap(({ annotator, annotation }) => {
      void annotation.settled.then(() => {
        annotator.dispose();
      });
      return annotation.results$;
    }),
  );
}

async function openBoth(input: string, options: AnnotateOptions) {
  const single = await singleInput(input);
  const annotator = await Annotator.open(options);
  try {
    return { annotator, annotation: await annotator.annotate(single) };
  } catch (error) {
    annotator.dispose();
    throw error;
  }
}

async function singleInput(input: string): Promise<Input> {
  const { inputs, failures } = await expandInputs([input]);
  if (failures[0] !== undefined) throw failures[0].error;
  if (inputs.length !== 1) {
    throw new FerError(
      'USAGE',
      `${input}: contains ${inputs.length} inputs; annotate them one by one, or with annotateBatch`,
    );
  }
  return inputs[0]!;
}
