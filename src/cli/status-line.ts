import type { ProgressTarget } from './progress.js';

const REDRAW_MS = 1_000;
const PLAIN_LINE_MS = 60_000;

/** One line that changes in place on a terminal; elsewhere a plain line now and then. Other lines go above it. */
export class StatusLine {
  private shown = '';

  constructor(private readonly target: ProgressTarget) {}

  /** Milliseconds between two calls of `show`. */
  get interval(): number {
    return this.target.isTTY === true ? REDRAW_MS : PLAIN_LINE_MS;
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
