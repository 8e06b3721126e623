import { printable } from '../../errors/fer-error.js';
import { withoutPasswords } from './source-address.js';

/** How many of the last complaints are kept to explain an end. */
const KEPT = 20;
const LEVEL = /\[(error|fatal|panic)\] /;
/** Printed whenever ffmpeg (re)builds its filters: the size of what it decodes. */
const FILTERS_BUILT = /\[graph [^\]]*\] \[verbose\] w:(\d+) h:(\d+) /;

/** What ffmpeg says on stderr at `-loglevel repeat+level+verbose`: why it ended, and how large the pictures are that it decodes. */
export class LiveLog {
  private unfinished = '';
  private readonly complaints: string[] = [];

  /** @param onSize called with the decoded size in pixels, at the beginning and when it may have changed */
  constructor(private readonly onSize: (size: string) => void) {}

  push(text: string): void {
    const lines = (this.unfinished + text).split(/[\r\n]+/);
    this.unfinished = lines.pop()!.slice(-1000);
    for (const line of lines) this.takeLine(line);
  }

  private takeLine(line: string): void {
    const [, width, height] = FILTERS_BUILT.exec(line) ?? [];
    if (width !== undefined) this.onSize(`${width} x ${height!}`);
    if (!LEVEL.test(line)) return;
    // "[rtsp @ 0x55d0c] [error] method DESCRIBE failed: 401 Unauthorized" -> the words alone
    const words = printable(line.replace(/\[[^\]]* @ 0x[0-9a-f]+\] /g, '').replace(LEVEL, ''));
    this.complaints.push(withoutPasswords(words));
    if (this.complaints.length > KEPT) this.complaints.shift();
  }

  /** The last complaints, oldest first, without passwords. */
  get tail(): readonly string[] {
    return this.complaints;
  }
}
