import { dirname, join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { identifyInput } from '../../ingest/sources/identity.js';
import { annotateInput, findFinished, resultHash } from '../../stream/annotate/annotate-input.js';
import type { InputEvent, InputJob } from '../../stream/annotate/annotate-input.js';
import { parseAnnotateOptions } from '../../stream/annotate/annotate-options.js';
import type { AnnotateOptions, AnnotateSettings } from '../../stream/annotate/annotate-options.js';
import { Annotator } from '../../stream/annotate/annotator.js';
import { VERSION } from '../../version.js';
import { runHash } from '../queue/archive-job.js';
import type { ArchiveResult, ArchiveRun } from '../queue/archive-job.js';
import type { Work, WorkResult } from './work-protocol.js';

export interface StepOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (frames: number, expectedFrames: number | null) => void;
}

interface OpenRun {
  readonly hash: string;
  readonly settings: AnnotateSettings;
  annotator: Annotator | null;
}

/** Does the steps of jobs; engine and networks stay loaded while the settings stay the same. */
export class StepRunner {
  private current: OpenRun | null = null;

  constructor(private readonly backend: string | undefined) {}

  /** @throws FerError */
  async run(work: Work, options: StepOptions): Promise<WorkResult> {
    const open = await this.openRun(work.run);
    return { type: 'finished', result: await this.annotate(work, open, options) };
  }

  private async annotate({ run, job }: Work, open: OpenRun, options: StepOptions): Promise<ArchiveResult> {
    if (job.kind === 's3') throw new FerError('INTERNAL', 's3');
    const input = { kind: job.kind, path: job.path, name: job.name };
    const hash = await identifyInput(input);
    // Folders of the output name become folders, so that the record of what is done lies beside the results.
    const outputDir = join(run.outputDir, dirname(job.output));
    const name = job.output.split('/').at(-1)!;
    const inputJob: InputJob = {
      input,
      hash,
      outputDir,
      name,
      formats: run.formats,
      settingsHash: run.resultHash,
      signal: options.signal,
    };
    const finished = run.force === null ? await findFinished(inputJob) : null;
    if (finished !== null) return resultOf(finished, 0);
    const annotator = await this.annotator(open);
    let expected: number | null = null;
    for await (const event of annotateInput(annotator, inputJob)) {
      if (event.type === 'started') expected = event.expectedFrames;
      else if (event.type === 'progress') options.onProgress(event.frames, expected);
      else if (event.type === 'done') return resultOf(event, event.seconds);
    }
    throw new FerError('INTERRUPTED', `${job.name}: stopped`);
  }

  private async openRun(run: ArchiveRun): Promise<OpenRun> {
    const hash = runHash(run);
    if (this.current?.hash === hash) return this.current;
    this.current?.annotator?.dispose();
    this.current = null;
    if (run.ferstream !== VERSION) {
      throw new FerError(
        'MODEL_INCOMPATIBLE',
        `submitted by ferstream ${run.ferstream}, but this worker is ${VERSION}; use the same version everywhere`,
      );
    }
    const settings = parseAnnotateOptions({
      ...(run.settings as AnnotateOptions),
      ...(this.backend === undefined ? {} : { backend: this.backend as NonNullable<AnnotateOptions['backend']> }),
    });
    if ((await resultHash(settings, run.formats)) !== run.resultHash) {
      throw new FerError(
        'MODEL_INCOMPATIBLE',
        `${settings.model}: the model here is another one than where the job was submitted; copy that one to this worker`,
      );
    }
    return (this.current = { hash, settings, annotator: null });
  }

  private async annotator(open: OpenRun): Promise<Annotator> {
    return (open.annotator ??= await Annotator.open(open.settings));
  }
}

function resultOf(event: InputEvent & { readonly type: 'done' | 'skipped' }, seconds: number): ArchiveResult {
  const { frames, degraded, note } = event.outcome;
  return { state: event.type, frames, degraded, note, outputs: event.outputs, seconds };
}
