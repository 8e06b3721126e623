import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { removeTemporariesOf } from '../../files/temporary-name.js';
import type { Input } from '../../ingest/sources/frame-source.js';
import { identifyInput } from '../../ingest/sources/identity.js';
import { annotateInput, findFinished, resultHash } from '../../stream/annotate/annotate-input.js';
import type { InputEvent, InputJob } from '../../stream/annotate/annotate-input.js';
import { parseAnnotateOptions } from '../../stream/pipeline/pipeline-settings.js';
import type { AnnotateOptions, AnnotateSettings } from '../../stream/pipeline/pipeline-settings.js';
import { Annotator } from '../../stream/annotate/annotator.js';
import { recordPath } from '../../stream/output/done-record.js';
import { outputFormat } from '../../stream/output/formats.js';
import { RemoteFolder } from '../../stream/output/remote-folder.js';
import type { FrameResult } from '../../stream/pipeline/frame-result.js';
import { runHash } from '../queue/archive-job.js';
import type { ArchiveRun } from '../queue/archive-job.js';
import { mergeSegments } from '../segments/merge-segments.js';
import type { Merged } from '../segments/merge-segments.js';
import { halveSegment, planSegments } from '../segments/plan-segments.js';
import { hasSegment, isIntact, segmentPath, writeSegment } from '../segments/segment-file.js';
import { requireVersion } from '../tasks/task.js';
import type { AnnotationWork, StepOptions, TaskWork, Work, WorkResult } from './work-process.js';

/** The part of `Annotator` that steps use. */
export type StepAnnotator = Pick<Annotator, 'settings' | 'context' | 'annotate' | 'dispose'>;

interface OpenRun {
  readonly hash: string;
  readonly settings: AnnotateSettings;
  /** Where results are written on this machine. */
  readonly root: string;
  readonly remote: RemoteFolder | null;
  annotator: StepAnnotator | null;
}

/** Does the steps of jobs; engine and networks stay loaded while the settings stay the same. */
export class StepRunner {
  private current: OpenRun | null = null;

  /** @param open loads engine and networks */
  constructor(
    private readonly backend: string | undefined,
    private readonly open: (settings: AnnotateSettings) => Promise<StepAnnotator> = (settings) =>
      Annotator.open(settings),
  ) {}

  /** @throws FerError */
  async run(work: Work, options: StepOptions): Promise<WorkResult> {
    if (isTask(work)) return this.runTask(work, options.signal);
    const open = await this.openRun(work.run);
    for (const owner of work.lostBy ?? []) await removeTemporariesOf(targetsOf(work, open.root), owner);
    switch (work.step) {
      case 'file':
        return this.annotate(work, open, options);
      case 'segment':
        return this.annotateSegment(work, open, options);
      case 'merge':
        return this.merge(work, open, options);
    }
  }

  private async annotate(work: AnnotationWork, open: OpenRun, options: StepOptions): Promise<WorkResult> {
    const { run } = work;
    const job = await this.inputJob(work, open, options.signal);
    const finished = run.force === null ? await findFinished(job) : null;
    if (finished !== null) return resultOf(finished, 0);
    const annotator = await this.annotator(open);
    if (run.segmentSeconds !== null) {
      const { segmentSeconds } = run;
      const { context, settings } = annotator;
      const { divide: always = false } = work;
      const segments = await planSegments(job.input, {
        settings,
        context,
        segmentSeconds,
        always,
        signal: options.signal,
      });
      if (segments !== null) return { type: 'divided', segments, hash: job.hash };
    }
    let expected: number | null = null;
    for await (const event of annotateInput(annotator, job)) {
      if (event.type === 'started') expected = event.expectedFrames;
      else if (event.type === 'progress') options.onProgress(event.frames, expected);
      else if (event.type === 'done') return resultOf(event, event.seconds);
    }
    throw new FerError('INTERRUPTED', `${job.input.name}: stopped`);
  }

  private async annotateSegment(
    work: AnnotationWork,
    open: OpenRun,
    { signal, onProgress }: StepOptions,
  ): Promise<WorkResult> {
    const began = performance.now();
    const segment = work.job.segment!;
    const { remote, root } = open;
    const path = segmentPath(root, work.input, segment.index);
    const outcome = { frames: 0, degraded: false, note: null };
    const isThere = remote === null ? await hasSegment(path) : (await remote.bytes(path)) !== null;
    if (isThere) return resultOf({ type: 'skipped', outputs: [path], outcome }, 0);
    const job = await this.inputJob(work, open, signal);
    const annotator = await this.annotator(open);
    const { start, end } = annotator.settings;
    if (work.divide === true) {
      const halves = await halveSegment(job.input, segment, annotator);
      if (halves !== null) return { type: 'divided', segments: halves, hash: job.hash };
    }
    const range = { start: segment.from ?? start, end: segment.until ?? end };
    const annotation = await annotator.annotate(job.input, job.hash, undefined, range);
    let frames = 0;
    let isEmpty = false;
    const results = async function* (): AsyncGenerator<FrameResult> {
      try {
        for await (const result of annotation) {
          if (signal.aborted) throw new FerError('INTERRUPTED', `${job.input.name}: stopped`);
          frames += 1;
          onProgress(frames, null);
          yield result;
        }
      } catch (error) {
        // Footage may have a gap, or end before its container does.
        isEmpty = error instanceof FerError && error.code === 'INPUT_OUT_OF_RANGE';
        if (!isEmpty) throw error;
      }
    };
    await writeSegment(path, annotation.metadata, results(), () => {
      if (isEmpty) return { frames, decodeErrors: 0, degraded: false, note: null, people: [] };
      const { decodeErrors, degraded, note } = annotation.report();
      return { frames, decodeErrors, degraded, note, people: annotation.knownPeople };
    });
    if (remote !== null) {
      await remote.publish(path, signal);
      await rm(path, { force: true });
    }
    return resultOf({ type: 'done', outputs: [path], outcome: { ...outcome, frames } }, secondsSince(began));
  }

  private async merge(work: AnnotationWork, open: OpenRun, { signal }: StepOptions): Promise<WorkResult> {
    const began = performance.now();
    const job = await this.inputJob(work, open, signal);
    const finished = work.run.force === null ? await findFinished(job) : null;
    if (finished !== null) return resultOf(finished, 0);
    const { remote, root } = open;
    const paths = work.segments!.map(({ index }) => segmentPath(root, work.input, index));
    if (remote !== null) for (const path of paths) await remote.fetch(path, signal);
    let merged: Merged;
    try {
      merged = await mergeSegments(job, work.input, work.segments!, open.settings, root);
    } catch (error) {
      // A retry does again what is not there.
      if (FerError.from(error).code === 'ANNOTATION_INVALID') await removeDamaged(paths, remote);
      throw error;
    }
    if (remote !== null) for (const path of paths) await remote.delete(path);
    return resultOf({ type: 'done', ...merged }, secondsSince(began));
  }

  /** A task has the process for itself. */
  private async runTask(work: TaskWork, signal: AbortSignal): Promise<WorkResult> {
    this.current?.annotator?.dispose();
    this.current = null;
    const { runTask } = await import('./run-task.js');
    return runTask(work, this.backend, signal);
  }

  private async inputJob(
    { run, job }: AnnotationWork,
    { root, remote }: OpenRun,
    signal: AbortSignal,
  ): Promise<InputJob> {
    const input: Input = { kind: job.kind as Input['kind'], path: job.path, name: job.name };
    return {
      input,
      hash: job.hash === undefined ? await identifyInput(input) : job.hash,
      // Folders of the output name become folders, so that the done record is next to the results.
      outputDir: join(root, dirname(job.output)),
      remote,
      name: job.output.split('/').at(-1)!,
      formats: run.formats,
      settingsHash: run.resultHash,
      signal,
    };
  }

  private async openRun(run: ArchiveRun): Promise<OpenRun> {
    const hash = runHash(run);
    if (this.current?.hash === hash) return this.current;
    this.current?.annotator?.dispose();
    this.current = null;
    requireVersion(run.ferstream);
    const settings = parseAnnotateOptions({
      ...(run.settings as AnnotateOptions),
      ...(this.backend === undefined ? {} : { backend: this.backend as NonNullable<AnnotateOptions['backend']> }),
    });
    if ((await resultHash(settings, run.formats)) !== run.resultHash) {
      throw new FerError(
        'MODEL_INCOMPATIBLE',
        `${settings.model}: this worker has another version of the model than the submitter; copy that one here`,
      );
    }
    const remote = await RemoteFolder.of(run.outputDir);
    return (this.current = { hash, settings, remote, root: remote?.local ?? run.outputDir, annotator: null });
  }

  private async annotator(open: OpenRun): Promise<StepAnnotator> {
    return (open.annotator ??= await this.open(open.settings));
  }
}

function isTask(work: Work): work is TaskWork {
  return work.job.task !== undefined;
}

async function removeDamaged(paths: readonly string[], remote: RemoteFolder | null): Promise<void> {
  for (const path of paths) {
    if (await isIntact(path)) continue;
    await rm(path, { force: true });
    await remote?.delete(path);
  }
}

/** What the step writes. */
function targetsOf({ run, job, input }: AnnotationWork, root: string): string[] {
  if (job.segment !== undefined) return [segmentPath(root, input, job.segment.index)];
  const [folder, name] = [join(root, dirname(job.output)), basename(job.output)];
  return [...run.formats.map((format) => join(folder, name + outputFormat(format).ending)), recordPath(folder, name)];
}

function resultOf(
  {
    type: state,
    outputs,
    outcome,
  }: Pick<InputEvent & { readonly type: 'done' | 'skipped' }, 'type' | 'outputs' | 'outcome'>,
  seconds: number,
): WorkResult {
  const { frames, degraded, note } = outcome;
  return { type: 'finished', result: { state, frames, degraded, note, outputs, seconds } };
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1000;
}
