import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { FerError, printable } from '../errors/fer-error.js';
import type { ArchiveRun } from '../archive/queue/archive-job.js';
import type { Ended } from '../archive/queue/wait.js';
import type { Found } from '../archive/queue/queued-input.js';
import { isS3Address } from '../storage/s3.js';
import type { BatchOptions } from '../stream/annotate/batch.js';
import { EXIT } from './exit.js';
import { formatDuration, textTable } from './progress.js';
import { number, warn } from './options.js';

export interface QueueFlags {
  readonly queue: string;
  readonly wait?: boolean;
  readonly combine?: boolean;
  readonly quiet?: boolean;
  readonly inputsFrom?: string;
  readonly priority: number;
  readonly segment: number;
  readonly maxWaiting: number;
}

/** Segments are no shorter than what is decoded around them. */
const SHORTEST_SEGMENT = 20;

/** The value of --segment. */
export function segmentSeconds(text: string): number {
  const seconds = number(text);
  if (seconds === 0 || seconds >= SHORTEST_SEGMENT) return seconds;
  throw new InvalidArgumentError(`Give 0, or at least ${SHORTEST_SEGMENT} seconds.`);
}

/**
 * Submits to a queue instead of annotating here. Returns the exit code.
 * @param writeTables with `wait`: gets the outputs at the end, writes what covers all inputs and returns its paths
 */
export async function annotateQueued(
  inputs: readonly string[],
  flags: QueueFlags,
  { outputDir, formats, stream: _, force = false, signal, ...options }: BatchOptions,
  writeTables: (outputs: readonly string[]) => Promise<readonly string[]>,
): Promise<number> {
  const { openQueue } = await import('../archive/queue/redis-connection.js');
  const { findInputs, findListed, notQueued, requireList } = await import('../archive/queue/queued-input.js');
  const { submit } = await import('../archive/queue/submit.js');
  const { JobList } = await import('../archive/queue/wait.js');
  if (inputs.includes('-')) throw notQueued();
  if (flags.inputsFrom !== undefined) await requireList(flags.inputsFrom);
  const say = (line: string): void => {
    if (flags.quiet !== true) process.stderr.write(`${line}\n`);
  };
  const run = await runOf({ ...options, outputDir, formats, force }, flags.segment);
  const archive = await openQueue(flags.queue, warn);
  const jobs = flags.wait === true ? await JobList.create() : null;
  const report = new SubmitReport(
    say,
    flags.combine === true ? /\.(jsonl|summary\.json|report\.html)$/ : /\.(summary\.json|report\.html)$/,
  );
  try {
    const find = { outputDir: run.outputDir, formats };
    const found = flags.inputsFrom === undefined ? findInputs(inputs, find) : findListed(flags.inputsFrom);
    const { added, known } = await submit(archive, run, report.take(found), {
      priority: flags.priority,
      maxWaiting: flags.maxWaiting,
      onFull: (waiting) => {
        say(`${waiting} jobs wait; submitting continues when workers have taken some`);
      },
      ...(jobs === null ? {} : { onJob: (id, input) => jobs.add(id, input) }),
      ...(signal === undefined ? {} : { signal }),
    });
    say(`submitted ${added} inputs${known > 0 ? `; ${known} were submitted earlier` : ''}`);
    if (jobs !== null) {
      const { waitFor } = await import('../archive/queue/wait.js');
      for await (const ended of waitFor(archive, jobs.read(), signal)) report.end(ended);
      const tables = isS3Address(outputDir) ? [] : await writeTables(report.outputs);
      const lines = [
        ...report.summary(),
        ...(report.hasResults ? [`results in ${printable(outputDir)}`] : []),
        ...tables.map((path) => `over all inputs: ${printable(path)}`),
      ];
      if (flags.quiet !== true) process.stdout.write(`${lines.join('\n')}\n`);
    }
    return report.failed > 0 ? EXIT.someFailed : EXIT.ok;
  } catch (error) {
    if (!(error instanceof FerError) || error.code !== 'INTERRUPTED') throw error;
    process.stderr.write('interrupted; what was submitted is done by the workers, the same command continues\n');
    return EXIT.interrupted;
  } finally {
    await jobs?.remove();
    await archive.close();
  }
}

async function runOf(
  { outputDir, formats, force, ...options }: Omit<BatchOptions, 'stream' | 'signal'>,
  segment: number,
): Promise<ArchiveRun> {
  const { parseAnnotateOptions } = await import('../stream/pipeline/pipeline-settings.js');
  const { resultHash } = await import('../stream/annotate/annotate-input.js');
  const { VERSION } = await import('../version.js');
  const { absoluteModel } = await import('../archive/queue/submit.js');
  const { backend: _, ...settings } = parseAnnotateOptions(options);
  const absolute = { ...settings, model: absoluteModel(settings.model) };
  return {
    ferstream: VERSION,
    settings: absolute,
    formats: [...formats],
    outputDir: isS3Address(outputDir) ? outputDir : resolve(outputDir),
    resultHash: await resultHash({ ...absolute, backend: 'auto' }, formats),
    segmentSeconds: segment === 0 ? null : segment,
    force: force === true ? new Date().toISOString() : null,
  };
}

/** Outcome of the inputs. */
class SubmitReport {
  failed = 0;
  /** Those that tables over all inputs are made of. */
  readonly outputs: string[] = [];
  hasResults = false;
  private total = 0;
  private readonly rows: string[][] = [];

  /**
   * @param say prints what is not about a failure
   * @param forTables outputs that tables over all inputs are made of: their paths are kept in memory
   */
  constructor(
    private readonly say: (line: string) => void,
    private readonly forTables: RegExp,
  ) {}

  async *take(found: AsyncIterable<Found>): AsyncGenerator<Found & { readonly type: 'input' }> {
    for await (const one of found) {
      if (one.type === 'ignored') {
        this.say(printable(`not annotated: ${one.name}: ${one.reason}`));
        continue;
      }
      this.total += 1;
      if (one.type === 'input') yield one;
      else this.fail(one.name, one.error.message);
    }
  }

  end(ended: Ended): void {
    if ('failure' in ended) {
      this.fail(ended.input, ended.failure);
      return;
    }
    const { state, frames, degraded, note, seconds, outputs } = ended.result;
    this.hasResults = true;
    this.outputs.push(...outputs.filter((path) => this.forTables.test(path)));
    const row = state === 'skipped' ? 'done earlier' : degraded ? 'degraded' : 'ok';
    const time = state === 'skipped' ? '' : formatDuration(seconds);
    this.row([printable(ended.input), row, String(frames), time, printable(note ?? '')]);
  }

  summary(): string[] {
    const more = this.total - this.rows.length;
    return [
      ...textTable(['input', 'state', 'frames', 'time', 'note'], this.rows),
      ...(more > 0 ? [`and ${more} more`] : []),
      ...(this.failed > 0 ? ['', `${this.failed} of ${this.total} inputs failed`] : []),
    ];
  }

  private fail(input: string, reason: string): void {
    this.failed += 1;
    process.stderr.write(`${printable(`failed: ${reason}`)}\n`);
    this.row([printable(input), 'failed', '', '', '']);
  }

  /** Nobody reads a table of a million rows. */
  private row(cells: string[]): void {
    if (this.rows.length < 1_000) this.rows.push(cells);
  }
}
