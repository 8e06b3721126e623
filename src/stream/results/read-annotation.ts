import { createReadStream } from 'node:fs';
import type { ZodError } from 'zod';
import { FerError } from '../../errors/fer-error.js';
import { inputError } from '../../ingest/probe/refusal.js';
import { SCHEMA_VERSION, annotationLine } from './annotation-schema.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import type { AnnotationLine, RunMetadata } from './annotation-schema.js';

export interface ReadOptions {
  /** False leaves out the 68 landmarks of every face: most of the file, and of the time to parse it. Default true. */
  readonly landmarks?: boolean;
}

/** Bytes read at a time. */
const BLOCK = 1 << 20;

/**
 * Reads an annotation line by line, in constant memory: the run, the frames in order, the end.
 *
 * @throws FerError ANNOTATION_INVALID for a file that is not ferstream JSONL, has another schema version, is out of order or truncated;
 *   INPUT_NOT_FOUND or INPUT_UNREADABLE if it cannot be read
 */
export async function* readAnnotation(
  path: string,
  { landmarks = true }: ReadOptions = {},
): AsyncGenerator<AnnotationLine, void, undefined> {
  let number = 0;
  let frames = 0;
  let state: 'start' | 'frames' | 'ended' = 'start';
  try {
    for await (const text of readLines(path)) {
      number++;
      const line = parseLine(landmarks ? text : withoutLandmarks(text), `${path} line ${number}`);
      if ((state === 'start') !== (line.type === 'run')) {
        throw invalid(`${path} line ${number}`, `is a "${line.type}" line; the "run" line comes first, and once`);
      }
      if (state === 'ended') throw invalid(`${path} line ${number}`, 'comes after the "end" line');
      if (line.type === 'frame') frames++;
      if (line.type === 'end' && line.frames !== frames) {
        throw invalid(path, `contains ${frames} frames, but its end line counts ${line.frames}`);
      }
      state = line.type === 'end' ? 'ended' : 'frames';
      yield line;
    }
  } catch (error) {
    throw inputError(path, error);
  }
  if (state !== 'ended') throw invalid(path, 'is truncated: it has no "end" line');
}

/** Lines end with LF or CR LF; U+2028 in a name is not an end. */
async function* readLines(path: string): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const block of createReadStream(path, {
    encoding: 'utf8',
    highWaterMark: BLOCK,
  }) as AsyncIterable<string>) {
    const lines = block.split('\n');
    lines[0] = rest + lines[0]!;
    rest = lines.pop()!;
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  if (rest !== '') yield rest;
}

/** Not inside a string of JSON, where quotation marks have a backslash before them. */
const LANDMARKS = ',"landmarks":[';

/** Before parsing: points are most of a line. */
function withoutLandmarks(text: string): string {
  let kept = '';
  let from = 0;
  for (let at = text.indexOf(LANDMARKS); at !== -1; at = text.indexOf(LANDMARKS, from)) {
    const end = text.indexOf(']', at);
    if (end === -1) return text;
    kept += text.slice(from, at + LANDMARKS.length);
    from = end;
  }
  return kept + text.slice(from);
}

/**
 * The run of an annotation.
 * @throws FerError as `readAnnotation`
 */
export async function readRun(path: string): Promise<RunMetadata> {
  for await (const line of readAnnotation(path)) {
    if (line.type !== 'run') break;
    const { type: _, ...metadata } = line;
    return metadata as RunMetadata;
  }
  throw invalid(path, 'is empty');
}

/** The frames of an annotation, in order, without landmarks. */
export async function* readFrames(path: string): AsyncGenerator<FrameResult, void, undefined> {
  for await (const line of readAnnotation(path, { landmarks: false })) {
    if (line.type !== 'frame') continue;
    const { type: _, ...frame } = line;
    yield frame as FrameResult;
  }
}

function parseLine(text: string, where: string): AnnotationLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(where, 'is not JSON', error);
  }
  const version = versionOf(value);
  if (version !== undefined && version !== SCHEMA_VERSION) {
    throw new FerError(
      'ANNOTATION_INVALID',
      `${where} has schema version ${JSON.stringify(version)}; this ferstream reads version ${SCHEMA_VERSION}: use the version that wrote it`,
    );
  }
  const parsed = annotationLine.safeParse(value);
  if (!parsed.success) throw invalid(where, firstIssue(parsed.error), parsed.error);
  return parsed.data;
}

/** The schema version of a run line, undefined for other lines: a newer file is refused for its version, not for its fields. */
function versionOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('type' in value) || value.type !== 'run' || !('schemaVersion' in value)) return undefined;
  return value.schemaVersion;
}

function firstIssue(error: ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'does not fit the schema';
  const field = issue.path.map(String).join('.');
  return field === ''
    ? `does not fit the schema: ${issue.message}`
    : `does not fit the schema at ${field}: ${issue.message}`;
}

function invalid(where: string, problem: string, cause?: unknown): FerError {
  return new FerError('ANNOTATION_INVALID', `${where} ${problem}; write it again with fer annotate --format jsonl`, {
    cause,
  });
}
