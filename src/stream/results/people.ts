import { parse } from 'csv-parse/sync';
import { FerError } from '../../errors/fer-error.js';
import { inputError } from '../../ingest/probe/refusal.js';
import { readText } from '../../files/text-file.js';
import type { FaceResult, FrameResult } from '../pipeline/frame-result.js';

/** Corrections of identities, made after annotating. */
export interface People {
  /** Names by face id. */
  readonly names?: Readonly<Record<string, string>>;
  /** Face ids that become another id. */
  readonly merge?: ReadonlyMap<number, number>;
}

/** Applies merges, then names. Of two faces of a frame that get the same id, the one with the higher detection score stays. */
export function applyPeople(result: FrameResult, { names = {}, merge = new Map() }: People): FrameResult {
  if (merge.size === 0 && Object.keys(names).length === 0) return result;
  const faces = new Map<number, FaceResult>();
  for (const face of result.faces) {
    const trackId = merge.get(face.trackId) ?? face.trackId;
    const rival = faces.get(trackId);
    if (rival !== undefined && rival.score >= face.score) continue;
    const { name: before, ...rest } = face;
    // A face that becomes somebody else does not keep its name.
    const name = names[trackId] ?? (trackId === face.trackId ? before : undefined);
    faces.set(trackId, { ...rest, trackId, ...(name === undefined ? {} : { name }) });
  }
  return { ...result, faces: [...faces.values()].sort((a, b) => a.trackId - b.trackId) };
}

/** Names faces whose ids have changed since they were named. */
export function renamePeople(result: FrameResult, names: Readonly<Record<string, string>>): FrameResult {
  const faces = result.faces.map(({ name: _, ...face }) => face);
  return applyPeople({ ...result, faces }, { names });
}

/**
 * Names by face id from a CSV file with the columns `id` and `name`.
 * @throws FerError CONFIG_INVALID naming the line
 */
export async function readNames(path: string): Promise<Record<string, string>> {
  let rows: Record<string, string>[];
  try {
    const text = await readText(path);
    // A name may hold the other separators.
    const delimiter = /[;\t,]/.exec(text.trimStart().split('\n', 1)[0]!)?.[0] ?? ',';
    rows = parse(text, { columns: true, trim: true, skip_empty_lines: true, delimiter });
  } catch (error) {
    const isOfTheSystem = error instanceof Error && 'syscall' in error;
    const reason = isOfTheSystem
      ? inputError(path, error).message
      : `${path}: ${error instanceof Error ? error.message : String(error)}`;
    throw new FerError('CONFIG_INVALID', `--names ${reason}`, { cause: error });
  }
  const names: Record<string, string> = {};
  for (const [index, { id, name }] of rows.entries()) {
    if (id === undefined || name === undefined || !/^[1-9]\d*$/.test(id) || name === '') {
      throw new FerError(
        'CONFIG_INVALID',
        `--names ${path}, line ${index + 2}: needs the columns id (a face id) and name`,
      );
    }
    if (names[id] !== undefined && names[id] !== name) {
      throw new FerError(
        'CONFIG_INVALID',
        `--names ${path}, line ${index + 2}: face ${id} is both "${names[id]}" and "${name}"; leave out one of them`,
      );
    }
    names[id] = name;
  }
  return names;
}

/**
 * "2=5" makes face 2 face 5. Each face becomes one other face; chains (1=2, 2=3) end at their last id.
 * @throws FerError CONFIG_INVALID for anything else, also for a face that becomes two faces, or itself by a chain
 */
export function parseMerges(texts: readonly string[]): Map<number, number> {
  const merges = new Map<number, number>();
  for (const text of texts) {
    const match = /^([1-9]\d*)=([1-9]\d*)$/.exec(text);
    if (match === null) throw new FerError('CONFIG_INVALID', `--merge ${text}: write two face ids, as in 2=5`);
    const from = Number(match[1]);
    if (merges.has(from)) {
      throw new FerError('CONFIG_INVALID', `--merge ${text}: face ${from} is merged twice; give each face once`);
    }
    merges.set(from, Number(match[2]));
  }
  return new Map([...merges.keys()].map((from) => [from, endOfChain(merges, from)]));
}

function endOfChain(merges: ReadonlyMap<number, number>, from: number): number {
  const chain = [from];
  for (let next = merges.get(from); next !== undefined; next = merges.get(next)) {
    if (chain.includes(next)) {
      const circle = [...chain.slice(chain.indexOf(next)), next].join('=');
      throw new FerError('CONFIG_INVALID', `--merge: ${circle} is a circle; leave out one of the merges`);
    }
    chain.push(next);
  }
  return chain.at(-1)!;
}
