import type { EpochRecord } from '../train/records/epoch-tables.js';

/** Rows as aligned text columns; numeric columns are right-aligned. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const numeric = header.map((_, column) => rows.every((row) => /^[\d.,:%x-]*$/.test(row[column] ?? '')));
  const format = (line: readonly string[]): string =>
    widths
      .map((width, column) =>
        numeric[column] === true ? (line[column] ?? '').padStart(width) : (line[column] ?? '').padEnd(width),
      )
      .join('  ')
      .trimEnd();
  return [format(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(format)];
}

/** A finished epoch as one line. */
export function epochLine(
  { epoch, loss, trainAccuracy, validation, seconds, samplesPerSecond }: EpochRecord,
  epochs: number,
  isBest: boolean,
): string {
  const judged =
    validation === null
      ? ''
      : `  validation: loss ${validation.loss.toFixed(3)}, WAR ${percent(validation.accuracy)}, UAR ${percent(validation.meanClassAccuracy)}, F1 ${percent(validation.macroF1)}`;
  return `epoch ${epoch}/${epochs}  loss ${loss.toFixed(4)}, accuracy ${percent(trainAccuracy)}${judged}  ${seconds.toFixed(0)} s, ${samplesPerSecond.toFixed(0)} samples/s${isBest ? '  best' : ''}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Where progress goes; process.stderr is one. */
export interface ProgressTarget {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const REDRAW_MS = 100;
const PLAIN_LINE_MS = 10_000;
const BAR_WIDTH = 24;
/** Seconds of work before a rate is shown. */
const LEAST_SECONDS = 2;

/** Progress of one input: a bar on a terminal, a plain line every ten seconds elsewhere. */
export class Progress {
  /** When the first results came, and how many: loading and warming up say nothing about the rate. */
  private first: { readonly time: number; readonly done: number } | null = null;
  private drawn = 0;
  private label = '';
  private total: number | null = null;

  /** @param unit plural noun of what is counted */
  constructor(
    private readonly target: ProgressTarget,
    private readonly unit = 'frames',
  ) {}

  start(label: string, total: number | null): void {
    this.label = label;
    this.total = total;
    this.first = null;
    this.drawn = this.target.isTTY === true ? 0 : performance.now();
  }

  /** @param note appended to the line */
  update(done: number, note = ''): void {
    const now = performance.now();
    this.first ??= { time: now, done };
    const interval = this.target.isTTY === true ? REDRAW_MS : PLAIN_LINE_MS;
    if (now - this.drawn < interval) return;
    this.drawn = now;
    const text = `${formatProgress(this.label, done, this.total, this.rate(now, done), this.unit)}${note === '' ? '' : `  ${note}`}`;
    this.target.write(
      this.target.isTTY === true ? `\r\u001b[K${text.slice(0, (this.target.columns ?? 80) - 1)}` : `${text}\n`,
    );
  }

  /** Null until enough has been seen to tell. */
  private rate(now: number, done: number): number | null {
    const seconds = (now - this.first!.time) / 1000;
    return seconds < LEAST_SECONDS ? null : (done - this.first!.done) / seconds;
  }

  /** Clears the bar before other lines. */
  clear(): void {
    if (this.target.isTTY === true) this.target.write('\r\u001b[K');
  }
}

/**
 * @param total null when unknown
 * @param rate `unit` per second; null while it is not known
 */
export function formatProgress(
  label: string,
  done: number,
  total: number | null,
  rate: number | null,
  unit = 'frames',
): string {
  const speed = rate === null ? '' : `  ${rate.toFixed(1)} ${unit}/s`;
  if (total === null || total === 0) return `${label}  ${done} ${unit}${speed}`;
  const share = Math.min(1, done / total);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`;
  const left = rate !== null && rate > 0 ? `  ${formatDuration(Math.max(0, total - done) / rate)} left` : '';
  return `${label}  ${bar} ${Math.floor(share * 100)}%  ${done}/${total}${speed}${left}`;
}

/** Seconds as "4 s", "2:05" or "1:02:05". */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

const STATUS_REDRAW_MS = 1_000;
const STATUS_LINE_MS = 60_000;

/** A line updated in place on a terminal, a plain line every minute elsewhere. Other lines go above it. */
export class StatusLine {
  private shown = '';

  constructor(private readonly target: ProgressTarget) {}

  /** Milliseconds between two calls of `show`. */
  get interval(): number {
    return this.target.isTTY === true ? STATUS_REDRAW_MS : STATUS_LINE_MS;
  }

  show(text: string): void {
    if (this.target.isTTY !== true) {
      this.target.write(`${text}\n`);
      return;
    }
    this.shown = text.slice(0, (this.target.columns ?? 80) - 1);
    this.target.write(`\r\u001b[K${this.shown}`);
  }

  print(text: string): void {
    const { shown } = this;
    this.clear();
    this.target.write(`${text}\n`);
    if (shown !== '') this.show(shown);
  }

  clear(): void {
    if (this.shown !== '') this.target.write('\r\u001b[K');
    this.shown = '';
  }
}
