import { basename } from 'node:path';
import { printable } from '../errors/fer-error.js';
import type { BatchEvent } from '../stream/annotate/batch.js';
import { EXIT } from './exit.js';
import { Progress, formatDuration, textTable } from './progress.js';
import type { ProgressTarget } from './progress.js';

/** Shows a running batch on `target` and collects the outcome of every input. */
export class BatchReport {
  private readonly progress: Progress;
  private readonly rows: string[][] = [];
  private failed = 0;
  private total = 0;
  private interrupted = false;

  /** @param quiet writes failures only */
  constructor(
    private readonly target: ProgressTarget,
    private readonly quiet = false,
  ) {
    this.progress = new Progress(quiet ? { write: () => undefined } : target);
  }

  take(event: BatchEvent): void {
    switch (event.type) {
      case 'planned':
        this.total = event.inputs;
        return;
      case 'ignored':
        this.say(`not annotated: ${event.input}: ${event.reason}`);
        return;
      case 'engine':
        this.say(`engine: ${event.description}`);
        return;
      case 'started':
        if (event.resumed) this.say(`resuming ${event.input} where it was interrupted`);
        this.progress.start(
          `[${event.position}/${this.total}] ${printable(basename(event.input))}`,
          event.expectedFrames,
        );
        return;
      case 'progress':
        this.progress.update(event.frames);
        return;
      case 'done':
        this.progress.clear();
        this.row(
          event.input,
          event.outcome.degraded ? 'degraded' : 'ok',
          event.outcome.frames,
          event.seconds,
          event.outcome.note,
        );
        return;
      case 'skipped':
        this.row(event.input, 'done earlier', event.outcome.frames, null, event.outcome.note);
        return;
      case 'failed':
        this.progress.clear();
        this.row(event.input, 'failed', null, null, null);
        this.failed += 1;
        this.line(`failed: ${event.error.message}`);
        return;
      case 'interrupted':
        this.progress.clear();
        this.interrupted = true;
        this.line(
          `interrupted at ${event.input}; finished inputs are kept, the same command ${event.isKept ? 'resumes' : 'starts this one again'}`,
        );
    }
  }

  /** The table at the end, followed by the failures. */
  summary(): string[] {
    const table = textTable(['input', 'state', 'frames', 'time', 'frames/s', 'note'], this.rows);
    return this.failed === 0 ? table : [...table, '', `${this.failed} of ${this.total} inputs failed`];
  }

  /** Whether any input has results. */
  get hasResults(): boolean {
    return this.rows.length > this.failed;
  }

  exitCode(): number {
    if (this.interrupted) return EXIT.interrupted;
    return this.failed > 0 ? EXIT.someFailed : EXIT.ok;
  }

  private row(input: string, state: string, frames: number | null, seconds: number | null, note: string | null): void {
    const rate = frames !== null && seconds !== null && seconds > 0 ? (frames / seconds).toFixed(1) : '';
    this.rows.push([
      printable(input),
      state,
      frames?.toString() ?? '',
      seconds === null ? '' : formatDuration(seconds),
      rate,
      printable(note ?? ''),
    ]);
  }

  /** Prints a line that is not about a failure. */
  private say(text: string): void {
    if (!this.quiet) this.line(text);
  }

  private line(text: string): void {
    this.target.write(`${printable(text)}\n`);
  }
}
