import type * as z from 'zod';
import { FerError, closest } from '../../errors/fer-error.js';
import { readText } from '../../files/text-file.js';
import { readCheckpointInfo } from '../../model/checkpoint/checkpoint.js';
import { FRAME_PART, trainedPart } from '../../model/heads/model-folder.js';
import { trainConfigSchema } from './train-config.js';
import type { TrainConfig } from './train-config.js';

/**
 * Each method with settings that suit a compact network on small grey crops. The losses keep their published settings;
 * docs/experiment.md compares others.
 */
export const PRESETS = {
  ce: { method: { name: 'ce' } },
  nla: { method: { name: 'nla', crossEntropyEpochs: 5 } },
  dnfer: { method: { name: 'dnfer', crossEntropyEpochs: 5 } },
  'v-naw': {
    method: { name: 'v-naw' },
    network: {
      name: 'temporal',
      width: 128,
      layers: 2,
      feedForward: 128,
      dropout: 0.3,
      relative: true,
      frameLogits: true,
    },
    batchSize: 24,
    epochs: 50,
    sampler: 'class-balanced',
    selectBy: 'macroF1',
    optimizer: { lr: 1e-4 },
  },
} as const;

export type PresetName = keyof typeof PRESETS;

export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

/** Settings as nested objects, not validated yet. */
export type Settings = Readonly<Record<string, unknown>>;

/** Low for what is trained already, high for a new last layer; networks without normalisation need the slow start. */
const GENTLE = { optimizer: { lr: 3e-4, headLrFactor: 10 }, warmUpEpochs: 0.5 };

/**
 * Settings under those of the user for a run that starts from a trained frame network: the same network, and gentle learning rates.
 * @param init "default", or a model folder
 * @returns nothing where the checkpoint does not say how it was built, or is an ensemble
 * @throws FerError WEIGHTS_MISSING when it holds no model
 */
export async function fineTuneSettings(init: string): Promise<Settings> {
  const { recipe } = await readCheckpointInfo(await trainedPart(init, FRAME_PART));
  const { config } = recipe;
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return {};
  const { network } = config;
  if (typeof network !== 'object' || network === null || Array.isArray(network)) return {};
  return network['name'] === 'ensemble' || network['name'] === 'temporal' ? {} : { network, ...GENTLE };
}

/** Parts that come in kinds, and the kind that settings without a name mean. */
const USUAL_KINDS: Settings = { network: { name: 'compact' }, schedule: { name: 'cosine' } };

/**
 * A run's configuration: a preset, overridden by a file, overridden by the command line. Objects are merged setting by setting;
 * another `name` of method, network or schedule starts that part from its defaults.
 * @throws FerError CONFIG_INVALID naming the setting and, for unknown ones, the nearest known
 */
export function resolveConfig(preset: string | null, ...layers: readonly Settings[]): TrainConfig {
  if (preset !== null && !Object.hasOwn(PRESETS, preset)) {
    throw new FerError(
      'CONFIG_INVALID',
      `unknown preset "${preset}": did you mean "${closest(preset, PRESET_NAMES)}"? (known: ${PRESET_NAMES.join(', ')})`,
    );
  }
  const begin: Settings = preset === null ? {} : PRESETS[preset as PresetName];
  const settings = [USUAL_KINDS, begin, ...layers].reduce(merge);
  const result = trainConfigSchema.safeParse(settings);
  if (result.success) return result.data;
  throw new FerError('CONFIG_INVALID', `training configuration: ${describe(result.error.issues[0]!, settings)}`, {
    cause: result.error,
  });
}

/** The settings in a JSON file. @throws FerError INPUT_NOT_FOUND, CONFIG_INVALID */
export async function readConfigFile(path: string): Promise<Settings> {
  let text: string;
  try {
    text = await readText(path);
  } catch (error) {
    throw new FerError('INPUT_NOT_FOUND', `configuration ${path} cannot be read: check the path`, { cause: error });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isSettings(value)) return value;
  } catch (error) {
    throw new FerError(
      'CONFIG_INVALID',
      `configuration ${path} is not JSON (${(error as Error).message}): fix that place`,
      { cause: error },
    );
  }
  throw new FerError(
    'CONFIG_INVALID',
    `configuration ${path} is not a JSON object: write settings as in { "epochs": 40 }`,
  );
}

function merge(under: Settings, over: Settings): Settings {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    if (key === '__proto__')
      throw new FerError('CONFIG_INVALID', 'training configuration: unknown setting "__proto__"');
    const before = merged[key];
    const isOther =
      isSettings(before) && isSettings(value) && value['name'] !== undefined && value['name'] !== before['name'];
    merged[key] = isSettings(before) && isSettings(value) && !isOther ? merge(before, value) : value;
  }
  return merged;
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(issue: z.core.$ZodIssue, settings: Settings): string {
  const where = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path, settings);
    return issue.keys
      .map(
        (key) =>
          `unknown setting "${[where, key].filter(Boolean).join('.')}"${known.length > 0 ? `: did you mean "${closest(key, known)}"?` : ''}`,
      )
      .join(', ');
  }
  return `${where === '' ? 'the whole configuration' : where}: ${issue.message}`;
}

/** Names of the settings at a place; of a part that comes in kinds, those of the kind named there. */
function knownKeys(path: readonly PropertyKey[], settings: Settings): readonly string[] {
  let schema: unknown = trainConfigSchema;
  let value: unknown = settings;
  for (const key of path) {
    schema = shapeOf(schema, value)?.[String(key)];
    value = isSettings(value) ? value[String(key)] : undefined;
  }
  return Object.keys(shapeOf(schema, value) ?? {});
}

interface SchemaPart {
  readonly def?: { readonly innerType?: SchemaPart; readonly options?: readonly SchemaPart[] };
  readonly shape?: Readonly<Record<string, SchemaPart & { readonly values?: ReadonlySet<unknown> }>>;
}

function shapeOf(schema: unknown, value: unknown): SchemaPart['shape'] {
  let inner = schema as SchemaPart | undefined;
  while (inner?.def?.innerType !== undefined) inner = inner.def.innerType;
  const kind = isSettings(value) ? value['name'] : undefined;
  return (
    inner?.shape ?? inner?.def?.options?.find((option) => option.shape?.['name']?.values?.has(kind) === true)?.shape
  );
}
