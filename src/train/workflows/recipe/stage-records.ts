import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { writeFileAtomic } from '../../../files/atomic-file.js';
import { dataName, referencesIn } from './recipe.js';
import type { Recipe, Stage } from './recipe.js';

/** What a recipe run records about a stage it has started. */
export interface StageRecord {
  /** Of its settings, and of the stages that it builds on. */
  readonly fingerprint: string;
  readonly settings: Stage;
  readonly isDone: boolean;
}

/** By name of the stage. */
export type StageRecords = Readonly<Record<string, StageRecord>>;

const FILE = 'stages.json';

/** @throws FerError CONFIG_INVALID for a file that is damaged */
export async function readStageRecords(folder: string): Promise<StageRecords> {
  const path = join(folder, FILE);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as StageRecords;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new FerError(
      'CONFIG_INVALID',
      `${path} cannot be read (${(error as Error).message}): start in another --output`,
      { cause: error },
    );
  }
}

/** @throws FerError OUTPUT_UNWRITABLE */
export async function writeStageRecords(folder: string, records: StageRecords): Promise<void> {
  await writeFileAtomic(join(folder, FILE), `${JSON.stringify(records, null, 2)}\n`);
}

/**
 * Of every stage: changes with its settings and with those of all stages that it builds on, but not with where the data lie.
 * @param formats of the data sets that the recipe is run on
 */
export function fingerprints({ stages }: Recipe, formats: readonly string[]): ReadonlyMap<string, string> {
  const all = new Map(formats.map((format, place) => [dataName(place), format]));
  for (const stage of stages) {
    const grounds = referencesIn(stage).map((name) => all.get(name));
    all.set(
      stage.name,
      createHash('sha256')
        .update(JSON.stringify([stage, grounds]))
        .digest('hex')
        .slice(0, 16),
    );
  }
  return all;
}

/** What differs between the settings a stage was started with and those it has now, as "setting: before, now after"; empty where nothing does. */
export function differences(before: Stage, now: Stage): readonly string[] {
  const [old, fresh] = [flat(before), flat(now)];
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((key) =>
    old.get(key) === fresh.get(key) ? [] : [`${key}: ${old.get(key) ?? 'not set'}, now ${fresh.get(key) ?? 'not set'}`],
  );
}

function flat(settings: unknown, path: readonly string[] = []): ReadonlyMap<string, string> {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings))
    return new Map([[path.join('.'), JSON.stringify(settings)]]);
  return new Map(Object.entries(settings).flatMap(([key, value]) => [...flat(value, [...path, key])]));
}
