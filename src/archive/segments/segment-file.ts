import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FerError } from '../../errors/fer-error.js';
import { AtomicFile } from '../../files/atomic-file.js';
import { makeFolder, writeError } from '../../files/write-error.js';
import type { KnownPerson } from '../../ingest/face/re-identify/identities.js';
import type { FrameResult } from '../../stream/pipeline/frame-result.js';
import { frameText } from '../../stream/results/jsonl-text.js';
import type { RunMetadata } from '../../stream/results/annotation-schema.js';

/** How a segment ended: the last line of its file. */
export interface SegmentEnd {
  readonly type: 'end';
  readonly frames: number;
  readonly decodeErrors: number;
  readonly degraded: boolean;
  readonly note: string | null;
  readonly people: readonly KnownPerson[];
}

export type SegmentLine =
  ({ readonly type: 'run' } & RunMetadata) | ({ readonly type: 'frame' } & FrameResult) | SegmentEnd;

/** Where segments of an input wait for the merge; the same for every worker. */
export function segmentFolder(outputDir: string, input: string): string {
  return join(outputDir, '.ferstream', 'segments', input);
}

export function segmentPath(outputDir: string, input: string, index: string): string {
  return join(segmentFolder(outputDir, input), `${index}.jsonl`);
}

/** Bytes read at the end of a file for its last line. */
const TAIL_BYTES = 16;

/** Whether a segment exists. It appears complete or not at all. */
export async function hasSegment(path: string): Promise<boolean> {
  const file = await open(path).catch(() => null);
  if (file === null) return false;
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(TAIL_BYTES),
      0,
      TAIL_BYTES,
      Math.max(0, size - TAIL_BYTES),
    );
    return buffer.toString('utf8', 0, bytesRead).endsWith('}\n');
  } finally {
    await file.close();
  }
}

/**
 * Writes the results of a segment, with those of its lead-in and tail, by which ids are joined.
 * @throws FerError OUTPUT_UNWRITABLE, and what `frames` throws
 */
export async function writeSegment(
  path: string,
  metadata: RunMetadata,
  frames: AsyncIterable<FrameResult>,
  end: () => Omit<SegmentEnd, 'type'>,
): Promise<void> {
  try {
    await makeFolder(join(path, '..'));
  } catch (error) {
    throw writeError(path, error);
  }
  const file = await AtomicFile.open(path);
  try {
    await file.write(`${JSON.stringify({ type: 'run', ...metadata })}\n`);
    for await (const frame of frames) await file.write(frameText(frame));
    await file.write(`${JSON.stringify({ type: 'end', ...end() }, plainArrays)}\n`);
    await file.prepare();
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

/** Whether a segment can be read to its end: for files that a merge refused. */
export async function isIntact(path: string): Promise<boolean> {
  try {
    const lines = readSegment(path);
    while ((await lines.next()).done !== true);
    return true;
  } catch {
    return false;
  }
}

/** @throws FerError ANNOTATION_INVALID when it is not there or not complete */
export async function* readSegment(path: string): AsyncGenerator<SegmentLine> {
  let last = '';
  try {
    for await (const text of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
      const line = JSON.parse(text) as SegmentLine;
      last = line.type;
      yield line;
    }
  } catch (error) {
    if (error instanceof FerError) throw error;
    throw new FerError('ANNOTATION_INVALID', `${path}: cannot be read; fer queue retry does the segment again`, {
      cause: error,
    });
  }
  if (last !== 'end') {
    throw new FerError('ANNOTATION_INVALID', `${path}: is cut short; fer queue retry does the segment again`);
  }
}

function plainArrays(_: string, value: unknown): unknown {
  return value instanceof Float32Array ? [...value] : value;
}
