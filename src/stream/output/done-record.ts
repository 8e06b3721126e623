import { createHash } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { FerError } from '../../errors/fer-error.js';
import type { RunOutcome } from '../results/annotation-schema.js';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { exists, makeFolder, writeError } from '../../files/write-error.js';
import type { RemoteFolder } from './remote-folder.js';

/** Folder in the output folder that remembers what is done. */
const RECORDS = '.ferstream';

const recordSchema = z.object({
  version: z.literal(1),
  /** Absolute path or URL of the input, "-" for stdin. */
  input: z.string(),
  inputHash: z.string().nullable(),
  settingsHash: z.string(),
  /** Paths relative to the output folder, with forward slashes, so that the folder can be moved. */
  outputs: z.array(z.object({ path: z.string(), bytes: z.number() })),
  /** Names of what other runs wrote under this base name. */
  earlier: z.array(z.string()).optional(),
  outcome: z.object({
    frames: z.number(),
    degraded: z.boolean(),
    note: z.string().nullable(),
    prior: z.record(z.string(), z.number()).optional(),
  }),
  finishedAt: z.string(),
});

/** Record of one input's finished run. */
export interface DoneRecord {
  readonly inputHash: string | null;
  readonly settingsHash: string;
  /** Absolute paths, sizes in bytes. */
  readonly outputs: readonly { readonly path: string; readonly bytes: number }[];
  readonly outcome: RunOutcome;
  /** ISO 8601, UTC. */
  readonly finishedAt: string;
}

/** Content of the record. */
export interface FinishedRun {
  /** Absolute path or URL of the input, "-" for stdin. */
  readonly input: string;
  /** null (stdin): remembered, but never counts as done. */
  readonly inputHash: string | null;
  readonly settingsHash: string;
  readonly outputs: readonly string[];
  readonly outcome: RunOutcome;
}

/**
 * Remembers that an input is done. To be called when all its outputs are in place.
 * @param dir output folder
 * @param name output base name
 * @throws FerError OUTPUT_UNWRITABLE
 */
export async function writeDoneRecord(dir: string, name: string, run: FinishedRun): Promise<void> {
  const path = recordPath(dir, name);
  try {
    const outputs = await Promise.all(
      run.outputs.map(async (output) => ({
        path: relative(dir, output).replaceAll('\\', '/'),
        bytes: (await stat(output)).size,
      })),
    );
    const present = new Set(outputs.map((output) => output.path));
    const earlier = [...((await writtenOutputs(dir, name)) ?? [])].filter((file) => !present.has(file));
    const record: z.infer<typeof recordSchema> = {
      version: 1,
      input: run.input,
      inputHash: run.inputHash,
      settingsHash: run.settingsHash,
      outputs,
      ...(earlier.length > 0 && { earlier }),
      outcome: run.outcome,
      finishedAt: new Date().toISOString(),
    };
    await makeFolder(join(dir, RECORDS));
    await writeFileAtomic(path, `${JSON.stringify(record, null, 2)}\n`);
    await rm(markPath(dir, name), { force: true });
  } catch (error) {
    throw writeError(path, error);
  }
}

/**
 * Marks outputs that are about to appear, so that those of a run that is killed before its record is written are known as ours; conversions
 * leave no record, only the mark.
 * @throws FerError OUTPUT_UNWRITABLE
 */
export async function markOutputs(dir: string, name: string, outputs: readonly string[]): Promise<void> {
  const path = markPath(dir, name);
  try {
    const written = new Set(await readMark(path));
    for (const output of outputs) written.add(basename(output));
    await makeFolder(join(dir, RECORDS));
    await writeFileAtomic(path, `${JSON.stringify([...written])}\n`);
  } catch (error) {
    throw writeError(path, error);
  }
}

/** A file that an output would replace although no run has written it, such as subtitles next to their film; null without one. */
export async function foreignOutput(dir: string, name: string, endings: readonly string[]): Promise<string | null> {
  const written = await writtenOutputs(dir, name);
  if (written === null) return null;
  for (const ending of endings) {
    const path = join(dir, name + ending);
    if (!written.has(name + ending) && (await sizeOf(path, null)) !== null) return path;
  }
  return null;
}

/** Names of all that runs have written under a base name; null where the record cannot be read. */
async function writtenOutputs(dir: string, name: string): Promise<ReadonlySet<string> | null> {
  const marked = await readMark(markPath(dir, name));
  if (!(await exists(recordPath(dir, name)))) return new Set(marked);
  const record = await readRecord(recordPath(dir, name), null);
  if (record === null) return null;
  return new Set([...record.outputs.map(({ path }) => path), ...(record.earlier ?? []), ...marked]);
}

async function readMark(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  try {
    return z.array(z.string()).parse(JSON.parse(text));
  } catch {
    return [];
  }
}

/**
 * The record of a finished run that would come out the same again: same input, same settings, and all its outputs still there with their sizes.
 * null otherwise, also for a record that cannot be read: then the work is done again.
 * @param inputHash null never counts as done.
 */
export async function findDoneRecord(
  dir: string,
  name: string,
  inputHash: string | null,
  settingsHash: string,
  remote: RemoteFolder | null = null,
): Promise<DoneRecord | null> {
  if (inputHash === null) return null;
  const record = await readRecord(recordPath(dir, name), remote);
  if (record?.inputHash !== inputHash || record.settingsHash !== settingsHash) return null;
  const outputs = record.outputs.map(({ path, bytes }) => ({ path: resolve(dir, path), bytes }));
  for (const { path, bytes } of outputs) {
    if ((await sizeOf(path, remote)) !== bytes) return null;
  }
  const { outcome, finishedAt } = record;
  return { inputHash, settingsHash, outputs, outcome, finishedAt };
}

/**
 * The input whose results have this name, if it is not `input`: writing would lose them. null when the name is free,
 * or its results come from the same path or the same content.
 */
export async function otherOwner(
  dir: string,
  name: string,
  input: string,
  inputHash: string | null,
  remote: RemoteFolder | null = null,
): Promise<string | null> {
  const record = await readRecord(recordPath(dir, name), remote);
  if (record === null || record.input === input || (inputHash !== null && record.inputHash === inputHash)) return null;
  const left = await Promise.all(record.outputs.map(({ path }) => sizeOf(resolve(dir, path), remote)));
  return left.some((size) => size !== null) ? record.input : null;
}

/**
 * Uploads what the record of a finished run in `dir` names, the record last, and deletes it here. Stopped in the middle, it can be called again.
 * @throws FerError OUTPUT_UNWRITABLE, INTERRUPTED
 */
export async function publishDone(
  dir: string,
  name: string,
  { outputs }: Pick<DoneRecord, 'outputs'>,
  remote: RemoteFolder,
  signal?: AbortSignal,
): Promise<void> {
  const paths = [...outputs.map(({ path }) => path), recordPath(dir, name)];
  for (const path of paths) await remote.publish(path, signal);
  for (const path of paths) await rm(path, { force: true });
}

/**
 * "sha256:..." of settings, independent of the order of their keys; a setting that is undefined counts as absent.
 * @throws FerError INTERNAL for what JSON cannot hold.
 */
export function settingsHash(settings: unknown): string {
  return `sha256:${createHash('sha256').update(canonicalJson(settings)).digest('hex')}`;
}

/** JSON with sorted keys and without spaces. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`);
    return `{${entries.join(',')}}`;
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value))
    return JSON.stringify(value);
  throw new FerError('INTERNAL', `a setting of type ${typeof value} cannot be hashed: report this bug`);
}

/** Where the work on an unfinished input is kept. */
export function journalPath(dir: string, name: string): string {
  return join(dir, RECORDS, `${name}.journal`);
}

function markPath(dir: string, name: string): string {
  return join(dir, RECORDS, `${name}.outputs`);
}

export function recordPath(dir: string, name: string): string {
  return join(dir, RECORDS, `${name}.json`);
}

async function readRecord(path: string, remote: RemoteFolder | null): Promise<z.infer<typeof recordSchema> | null> {
  const text = remote === null ? await readFile(path, 'utf8').catch(() => '') : await remote.readText(path);
  try {
    return recordSchema.parse(JSON.parse(text ?? ''));
  } catch {
    return null;
  }
}

/** Bytes of an output; null when it is not there. */
async function sizeOf(path: string, remote: RemoteFolder | null): Promise<number | null> {
  if (remote !== null) return remote.bytes(path);
  const found = await stat(path).catch(() => null);
  return found?.isFile() === true ? found.size : null;
}
