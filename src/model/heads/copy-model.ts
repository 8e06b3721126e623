import { readdir } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { replaceFolder } from '../../files/replace-folder.js';
import { INFO_FILE, TOPOLOGY_FILE, WEIGHTS_FILE } from '../checkpoint/checkpoint-files.js';
import type { CheckpointInfo } from '../checkpoint/checkpoint-info.js';
import { readCheckpointInfo } from '../checkpoint/checkpoint.js';
import { copyCheckpoint } from '../checkpoint/copy-checkpoint.js';
import type { WeightPrecision } from '../checkpoint/copy-checkpoint.js';
import { FRAME_PART, TEMPORAL_PART, findModelFolder, outputCheckpoint } from './model-folder.js';

export interface CopyModelOptions {
  /** Default: unchanged. */
  readonly weights?: WeightPrecision;
  /** Temperature of the copy; default: the model's. */
  readonly temperature?: number;
  /** Reduce paths of training folders and files to their names, for a published model. */
  readonly namesOnly?: boolean;
}

/** The contents of a model folder. */
const OF_A_MODEL = [INFO_FILE, TOPOLOGY_FILE, WEIGHTS_FILE, FRAME_PART, TEMPORAL_PART];

/**
 * Copies a model folder; the copy appears whole or not at all. An existing model is replaced.
 * @returns the checkpoints of the copy
 * @throws FerError WEIGHTS_MISSING when `from` holds none, OUTPUT_UNWRITABLE, also where anything but a model is in the way
 */
export async function copyModel(
  from: string,
  to: string,
  { weights = 'float32', temperature, namesOnly = false }: CopyModelOptions = {},
): Promise<string[]> {
  const { frame, temporal } = await findModelFolder(from);
  const there = await readdir(to).catch((): string[] => []);
  const other = there.find((name) => !OF_A_MODEL.includes(name));
  if (other !== undefined)
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      `${to} cannot be replaced by a model: it contains ${other} too; move that, or choose another folder`,
    );
  const inside = relative(resolve(to), resolve(from));
  if (inside !== '' && !inside.startsWith('..') && !isAbsolute(inside))
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      `${to} cannot be replaced by ${from}, which is part of it; choose another folder`,
    );
  const parts =
    temporal === null
      ? [[frame, '.'] as const]
      : ([
          [frame, FRAME_PART],
          [temporal, TEMPORAL_PART],
        ] as const);
  await replaceFolder(
    to,
    { marker: there.includes(INFO_FILE) ? INFO_FILE : join(FRAME_PART, INFO_FILE), replace: true },
    async (folder) => {
      for (const [source, part] of parts) {
        await copyCheckpoint(source, join(folder, part), weights);
        if (namesOnly)
          await changeInfo(join(folder, part), (info) => ({ ...info, recipe: withoutPlaces(info.recipe) }));
      }
      if (temperature !== undefined) await writeTemperature(folder, temperature);
    },
  );
  return parts.map(([, part]) => join(to, part));
}

/** Puts a temperature into a model folder. @throws FerError WEIGHTS_MISSING, OUTPUT_UNWRITABLE */
export async function writeTemperature(folder: string, temperature: number): Promise<void> {
  await changeInfo(await outputCheckpoint(folder), (info) => ({ ...info, temperature }));
}

/** @param checkpoint folder */
async function changeInfo(checkpoint: string, change: (info: CheckpointInfo) => CheckpointInfo): Promise<void> {
  const info = change(await readCheckpointInfo(checkpoint));
  await writeFileAtomic(join(checkpoint, INFO_FILE), `${JSON.stringify(info, null, 2)}\n`);
}

type Json = CheckpointInfo['recipe'][string];

/** "FORMAT:DIR"; a single letter before the colon is a drive. */
const DATA_SET = /^([\w-]{2,}):(.+)$/;
/** Folders that a training calls alike in every run. */
const IN_A_RUN = new Set(['best', 'last']);

/**
 * How a model was trained, fit for others to read: of each folder and file only its name is left ("prepared:crops", "frames/best", "audit.csv").
 * @param recipe of a checkpoint's description
 */
export function withoutPlaces(recipe: CheckpointInfo['recipe']): CheckpointInfo['recipe'] {
  return Object.fromEntries(Object.entries(recipe).map(([key, value]) => [key, cleaned(value)]));
}

function cleaned(value: Json): Json {
  if (typeof value === 'string') return nameOf(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return withoutPlaces(value);
}

function nameOf(text: string): string {
  const [, format, folder] = DATA_SET.exec(text) ?? [];
  if (format !== undefined && folder !== undefined) return `${format}:${nameOf(folder)}`;
  const parts = text.split(/[/\\]+/).filter((part) => part !== '');
  return parts.length < 2 ? text : parts.slice(IN_A_RUN.has(parts.at(-1)!) ? -2 : -1).join('/');
}
