import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { FerError } from '../../errors/fer-error.js';
import { encodingOf, withoutMark } from '../../files/text-file.js';
import { expandInputs } from '../../ingest/sources/expand-inputs.js';
import type { Input } from '../../ingest/sources/frame-source.js';
import { outputFormat } from '../../stream/output/formats.js';
import { LONGEST_NAME, outputNames } from '../../stream/output/output-names.js';
import { overlayReason } from '../../stream/output/overlay-mp4.js';
import { digest } from './archive-job.js';
import type { ArchiveJob } from './archive-job.js';

/** An input on its way into the queue. */
export interface QueuedInput extends Pick<ArchiveJob, 'kind' | 'path' | 'name' | 'output'> {
  /** Changes with the content: size and modification time, ETag; empty where it is not known. */
  readonly version: string;
}

/** The inputs of an argument or of a line of a list. */
export type Found =
  | { readonly type: 'input'; readonly input: QueuedInput }
  | { readonly type: 'failed'; readonly name: string; readonly error: FerError }
  | { readonly type: 'ignored'; readonly name: string; readonly reason: string };

export interface FindOptions {
  readonly outputDir: string;
  /** Names of OUTPUT_FORMATS. */
  readonly formats: readonly string[];
}

/** Inputs of a command line, with the output names that a local run gives them. */
export async function* findInputs(args: readonly string[], options: FindOptions): AsyncGenerator<Found> {
  const { inputs, failures, ignored } = await expandInputs([...args], { ignore: overlayReason });
  for (const one of ignored) yield { type: 'ignored', ...one };
  for (const { name, error } of failures) yield { type: 'failed', name, error };
  const endings = options.formats.map((format) => outputFormat(format).ending);
  const names = outputNames(inputs, { outputDir: options.outputDir, endings });
  for (const [i, input] of inputs.entries()) yield { type: 'input', input: await queued(input, names[i]!) };
}

/** @throws FerError INPUT_NOT_FOUND when a list cannot be read */
export async function requireList(list: string): Promise<void> {
  if (list === '-') return;
  const wrong = (why: string): FerError => new FerError('INPUT_NOT_FOUND', `--inputs-from ${list}: ${why}`);
  const found = await stat(list).catch(() => {
    throw wrong('no such file');
  });
  if (found.isDirectory()) throw wrong('is a folder; give it as an input, or a file with one input per line');
  await access(list, constants.R_OK).catch(() => {
    throw wrong('cannot be read: check its permissions');
  });
}

/**
 * Inputs of a list, one path or URL per line, in constant memory. Output folders mirror the input folders.
 * @param list a file, or "-" for standard input
 */
export async function* findListed(list: string): AsyncGenerator<Found> {
  const stream = list === '-' ? process.stdin : createReadStream(list, await encodingOf(list));
  const lines = createInterface({ input: stream, crlfDelay: Infinity });
  for await (const line of lines) {
    const name = withoutMark(line).trim();
    if (name === '' || name.startsWith('#')) continue;
    const { inputs, failures, ignored } = await expandInputs([name], { ignore: overlayReason });
    for (const one of ignored) yield { type: 'ignored', ...one };
    for (const { name: failedName, error } of failures) yield { type: 'failed', name: failedName, error };
    for (const input of inputs) {
      if (input.kind === 'stdin') yield { type: 'failed', name, error: notQueued() };
      else yield { type: 'input', input: await queued(input, mirrored(placeOf(input))) };
    }
  }
}

/** Of "-". */
export function notQueued(): FerError {
  return new FerError('USAGE', 'standard input cannot be queued: give files, or leave out --queue');
}

async function queued({ kind, path, name, version = '' }: Input, output: string): Promise<QueuedInput> {
  if (kind === 'url' || kind === 'stdin') return { kind: 'url', path, name, output, version };
  // A folder does not show that one of its pictures was replaced.
  if (kind === 'images') return { kind, path: resolve(path), name, output, version: '' };
  const { size, mtimeMs } = await stat(path);
  return { kind, path: resolve(path), name, output, version: `${size}-${mtimeMs}` };
}

/** A path that does not depend on the working folder; an address as it is. */
function placeOf({ kind, path }: Input): string {
  return kind === 'url' || kind === 'stdin' ? path : resolve(path);
}

/** First folder of addresses. */
const SCHEMES: ReadonlySet<string> = new Set(['http', 'https', 's3']);

/**
 * "/data/2021/a.mp4" becomes "data/2021/a.mp4", "https://host/a.mp4" "https/host/a.mp4", independent of the rest of the list: different inputs never share
 * a name. A part with characters that a file name should not have gets a hash of its own.
 * @param path absolute path, or an address
 */
export function mirrored(path: string): string {
  const [, scheme, address] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(path) ?? [];
  if (scheme !== undefined) return [scheme.toLowerCase(), ...address!.split('/').map(safePart)].join('/');
  const parts = path.replace(/^([a-z]):/i, '$1').split(sep);
  const [first, ...others] = parts[0] === '' ? parts.slice(1) : parts;
  if (first === undefined || first === '') return 'root';
  // No path may look like an address.
  return [SCHEMES.has(first) ? marked(first, first) : safePart(first), ...others.map(safePart)].join('/');
}

function safePart(part: string): string {
  const safe = part.replace(/[\p{Cc}\\:?*"<>|]/gu, '_').replace(/^\.{0,2}$/, '_');
  if (Buffer.byteLength(safe) > LONGEST_NAME) return `${safe.slice(0, 40)}-${digest(part).slice(0, 16)}`;
  return safe === part ? part : marked(safe, part);
}

function marked(safe: string, part: string): string {
  return `${safe}-${digest(part).slice(0, 8)}`;
}
