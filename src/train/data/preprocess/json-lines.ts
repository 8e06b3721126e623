import { createReadStream } from 'node:fs';

const LINE_END = 0x0a;

/** A line that was read, and the position in the file right after it. */
export interface JsonLine {
  readonly value: unknown;
  readonly end: number;
}

/**
 * The lines of a file, each as JSON, up to the first that is not JSON or is cut short: a program that was killed while writing leaves such a
 * last line. A file that is not there has none.
 */
export async function* jsonLines(path: string): AsyncGenerator<JsonLine, void, undefined> {
  let rest: Buffer[] = [];
  let end = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, from)) {
        const line = Buffer.concat([...rest, chunk.subarray(from, at)]);
        rest = [];
        from = at + 1;
        end += line.length + 1;
        let value: unknown;
        try {
          value = JSON.parse(line.toString('utf8'));
        } catch {
          return;
        }
        yield { value, end };
      }
      if (from < chunk.length) rest.push(chunk.subarray(from));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
