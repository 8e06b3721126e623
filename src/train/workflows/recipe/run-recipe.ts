import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { writeFileAtomic } from '../../../files/atomic-file.js';
import { stopSignal, withFolderLock } from '../../../files/folder-lock.js';
import { exists } from '../../../files/write-error.js';
import { dataName, dataPlace, referencesIn, replaceReferences } from './recipe.js';
import type { Recipe, Stage } from './recipe.js';
import { runStage } from './run-stage.js';
import type { RecipeOptions } from './run-stage.js';

/** A recipe run's record of a started stage. */
interface StageRecord {
  /** Fingerprint of its settings and of the stages it builds on. */
  readonly fingerprint: string;
  readonly settings: Stage;
  readonly isDone: boolean;
}

/** By name of the stage. */
type StageRecords = Readonly<Record<string, StageRecord>>;

const FILE = 'stages.json';

/** @throws FerError CONFIG_INVALID for a file that is damaged */
async function readStageRecords(folder: string): Promise<StageRecords> {
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
async function writeStageRecords(folder: string, records: StageRecords): Promise<void> {
  await writeFileAtomic(join(folder, FILE), `${JSON.stringify(records, null, 2)}\n`);
}

/**
 * Fingerprints of the stages: each changes with its settings and those of all stages that it builds on, but not with paths of data.
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

/** Differences between the settings a stage was started with and its present ones, as "setting: before, now after". */
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

/**
 * Runs a recipe's stages in order, each into the folder of its name, and resumes after being stopped or killed: finished stages are not run again, and a
 * started stage resumes. A stage whose folder was removed runs again. The engine must be open.
 * @param output folder of the run
 * @returns false when interrupted
 * @throws FerError FOLDER_IN_USE, CONFIG_INVALID where a stage was started with other settings, and what stages throw
 */
export async function runRecipe(recipe: Recipe, output: string, options: RecipeOptions = {}): Promise<boolean> {
  return withFolderLock(output, 'fer recipe', (lock) =>
    runStages(recipe, output, { ...options, signal: stopSignal(lock, options.signal) }),
  );
}

async function runStages(recipe: Recipe, output: string, options: RecipeOptions): Promise<boolean> {
  const { data = [], root = '.', onMessage = () => undefined } = options;
  const wanted = recipe.stages.flatMap(referencesIn).flatMap((name) => dataPlace(name) ?? []);
  const count = Math.max(0, ...wanted.map((place) => place + 1));
  if (data.length < count) {
    throw new FerError(
      'CONFIG_INVALID',
      count === 1
        ? 'the recipe needs a data set: name it with --data FORMAT:DIR, such as ferplus:/data/ferplus'
        : `the recipe needs ${count} data sets, but got ${data.length}: give --data FORMAT:DIR ${count} times`,
    );
  }
  const placeOf = (stage: Stage): string =>
    stage.kind === 'publish' ? resolve(root, stage.to) : join(output, stage.name);
  const marks = fingerprints(
    recipe,
    data.map((location) => location.split(':')[0]!),
  );
  const records: Record<string, StageRecord> = {};
  for (const [name, record] of Object.entries(await readStageRecords(output))) {
    const stage = recipe.stages.find((one) => one.name === name);
    // Of a stage that the recipe has no more, and one whose folder was taken away, nothing is left to agree with.
    if (stage !== undefined && (await exists(placeOf(stage)))) records[name] = record;
  }
  for (const stage of recipe.stages) assertSame(stage, records[stage.name], marks.get(stage.name)!, placeOf(stage));

  for (const stage of recipe.stages) {
    const { name } = stage;
    if (records[name]?.isDone === true) {
      onMessage(`${name}: done before`);
      continue;
    }
    onMessage(`${name}: ${stage.kind}`);
    const write = async (isDone: boolean): Promise<void> => {
      records[name] = { fingerprint: marks.get(name)!, settings: stage, isDone };
      await writeStageRecords(output, records);
    };
    await write(false);
    if (!(await finished(runStage(withPlaces(stage, recipe, output, data), placeOf(stage), options)))) return false;
    await write(true);
  }
  return true;
}

function assertSame(stage: Stage, record: StageRecord | undefined, fingerprint: string, place: string): void {
  if (record === undefined || record.fingerprint === fingerprint) return;
  const changed = differences(record.settings, stage);
  const what =
    changed.length > 0
      ? `with other settings (${changed.slice(0, 3).join('; ')}${changed.length > 3 ? '; ...' : ''})`
      : 'on an earlier stage, or a format of the data set, that has changed since';
  throw new FerError(
    'CONFIG_INVALID',
    `stage "${stage.name}" was ${record.isDone ? 'finished' : 'started'} ${what}: undo the change, choose another --output, or remove ${place} to run it again`,
  );
}

/** A stage with its references replaced by folders, and in `data` by data sets. */
function withPlaces(stage: Stage, { stages }: Recipe, output: string, data: readonly string[]): Stage {
  return replaceReferences(stage, (name, place, setting) => {
    const dataSet = dataPlace(name);
    if (dataSet !== null) return data[dataSet]!;
    const folder = join(output, name, place);
    if (setting !== 'data' && setting !== 'moreData') return folder;
    const { kind } = stages.find((one) => one.name === name)!;
    if (kind === 'prepare') return `prepared:${folder}`;
    if (kind === 'synthesize') return `manifest:${folder}`;
    throw new FerError(
      'CONFIG_INVALID',
      `recipe, stage "${stage.name}": "@${name}" makes no data set: name a stage of kind prepare or synthesize`,
    );
  });
}

async function finished(work: Promise<boolean>): Promise<boolean> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof FerError && error.code === 'INTERRUPTED') return false;
    throw error;
  }
}
