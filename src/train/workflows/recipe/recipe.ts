import * as z from 'zod';
import { FerError, closest } from '../../../errors/fer-error.js';
import { WEIGHT_PRECISIONS } from '../../../model/checkpoint/copy-checkpoint.js';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { PRESET_NAMES, readConfigFile, resolveConfig } from '../../config/read-config.js';
import { channels } from '../../config/train-config.js';
import type { TrainConfig } from '../../config/train-config.js';
import { NO_FACE } from '../../data/preprocess/prepared-header.js';
import { FACE_CHOICES, SPLITS } from '../../data/sample.js';
import { CLIP_STYLES, DEFAULT_SYNTHESIS } from '../../data/synthesize/synthesis-options.js';

/** Names of the data sets that a recipe is run on, in the order of the command line: data, data2, data3 ... */
export function dataName(place: number): string {
  return place === 0 ? 'data' : `data${place + 1}`;
}

/** @returns the data set's place, from 0; null for any other name */
export function dataPlace(name: string): number | null {
  const [, number] = /^data(|[2-9]|[1-9]\d+)$/.exec(name) ?? [];
  return number === undefined ? null : number === '' ? 0 : Number(number) - 1;
}

/** "@frames/best": a stage's name, and a place in its folder. */
const REFERENCE = /^@([^/]+)(?:\/(.*))?$/;

/** Names of the stages (and `data`) that a stage's settings refer to, each once. */
export function referencesIn(settings: unknown): readonly string[] {
  const names = new Set<string>();
  replaceReferences(settings, (name) => {
    names.add(name);
    return '';
  });
  return [...names];
}

/**
 * Settings with every text that begins with "@" replaced.
 * @param replace gets the stage's name, the place inside its folder ("" for the folder itself), and the setting's own name
 */
export function replaceReferences<T>(
  settings: T,
  replace: (name: string, place: string, setting: string) => string,
  setting = '',
): T {
  if (typeof settings === 'string') {
    const [, name, place = ''] = REFERENCE.exec(settings) ?? [];
    return (name === undefined ? settings : replace(name, place, setting)) as T;
  }
  if (Array.isArray(settings)) return settings.map((value: unknown) => replaceReferences(value, replace, setting)) as T;
  if (typeof settings !== 'object' || settings === null) return settings;
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, replaceReferences<unknown>(value, replace, key)]),
  ) as T;
}

const count = z.int().nonnegative();
const named = {
  name: z.string().regex(/^[\w][\w.-]*$/, 'is used as the name of a folder: letters, digits, dots and dashes'),
};

const prepare = z.strictObject({
  ...named,
  kind: z.literal('prepare'),
  data: z.string(),
  size: z.int().positive().default(DEFAULT_CROP.size),
  channels: channels.default(DEFAULT_CROP.channels),
  noFace: z.enum(NO_FACE).default('whole'),
  framesPerSecond: z.number().positive().nullable().default(null),
});

const synthesize = z.strictObject({
  ...named,
  kind: z.literal('synthesize'),
  data: z.string(),
  style: z.enum(CLIP_STYLES).default(DEFAULT_SYNTHESIS.style),
  clips: count.default(DEFAULT_SYNTHESIS.clips),
  validClips: count.default(DEFAULT_SYNTHESIS.validClips),
  testClips: count.default(DEFAULT_SYNTHESIS.testClips),
  frames: z.int().positive().default(DEFAULT_SYNTHESIS.frames),
  size: z.int().positive().default(DEFAULT_SYNTHESIS.size),
  channels: channels.default(DEFAULT_SYNTHESIS.channels),
  frameNoise: z.number().min(0).max(1).default(DEFAULT_SYNTHESIS.frameNoise),
  balance: z.number().min(0).max(1).default(DEFAULT_SYNTHESIS.balance),
  seed: z.int().default(DEFAULT_SYNTHESIS.seed),
});

const train = z.strictObject({
  ...named,
  kind: z.literal('train'),
  preset: z.enum(PRESET_NAMES).nullable().default(null),
  /** Settings of `fer train`, over the preset. */
  config: z.record(z.string(), z.unknown(), {
    error: 'write settings of fer train, as in { "data": "@crops", "epochs": 40 }',
  }),
});

const average = z.strictObject({
  ...named,
  kind: z.literal('average'),
  models: z.array(z.string()).min(2),
});

const calibrate = z.strictObject({
  ...named,
  kind: z.literal('calibrate'),
  model: z.string(),
  data: z.string(),
  split: z.enum(SPLITS).default('valid'),
  faces: z.enum(FACE_CHOICES).default('auto'),
});

const publish = z.strictObject({
  ...named,
  kind: z.literal('publish'),
  model: z.string(),
  /** Destination of the model folder, relative to the recipe's folder. */
  to: z.string().min(1),
  weights: z.enum(WEIGHT_PRECISIONS).default('float16'),
});

const KINDS = { prepare, synthesize, train, average, calibrate, publish };
const schema = z.strictObject({
  stages: z.array(z.discriminatedUnion('kind', [prepare, synthesize, train, average, calibrate, publish])).min(1),
});

/** Settings of every kind of stage, besides name and kind. */
export const STAGE_SETTINGS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(KINDS).map(([kind, { shape }]) => [
    kind,
    Object.keys(shape).filter((key) => key !== 'name' && key !== 'kind'),
  ]),
);

type Written = z.output<typeof schema>['stages'][number];

export type PrepareStage = z.output<typeof prepare>;
export type SynthesizeStage = z.output<typeof synthesize>;
export type TrainStage = { readonly name: string; readonly kind: 'train'; readonly config: TrainConfig };
export type AverageStage = z.output<typeof average>;
export type CalibrateStage = z.output<typeof calibrate>;
export type PublishStage = z.output<typeof publish>;

/** One step of a recipe, with all its settings; text that begins with "@" refers to what an earlier one made. */
export type Stage = PrepareStage | SynthesizeStage | TrainStage | AverageStage | CalibrateStage | PublishStage;

/** How a model is made, from a data set on: stages in the order in which they run. */
export interface Recipe {
  readonly stages: readonly Stage[];
}

/** @throws FerError INPUT_NOT_FOUND, CONFIG_INVALID */
export async function readRecipe(path: string): Promise<Recipe> {
  return parseRecipe(await readConfigFile(path));
}

/** Checks all stages before any runs. @throws FerError CONFIG_INVALID naming the stage, and what in it */
export function parseRecipe(json: unknown): Recipe {
  const result = schema.safeParse(json);
  if (!result.success)
    throw new FerError('CONFIG_INVALID', `recipe: ${describe(result.error.issues[0]!, json)}`, { cause: result.error });
  const stages = result.data.stages.map(completed);
  stages.forEach(({ name }, i) => {
    if (dataPlace(name) !== null)
      throw invalid(name, `"${name}" is a data set of the command line; choose another name`);
    if (stages.findIndex((other) => other.name === name) !== i)
      throw invalid(name, 'another stage has the same name; choose another one');
  });
  for (const stage of stages) assertAverage(stage, stages);
  stages.forEach((stage, i) => {
    const known = ['data', ...stages.slice(0, i).map(({ name }) => name)];
    for (const reference of referencesIn(stage)) {
      if (dataPlace(reference) === null && !known.includes(reference))
        throw invalid(
          stage.name,
          `"@${reference}" is not an earlier stage: did you mean "@${closest(reference, known)}"?`,
        );
    }
  });
  return { stages };
}

/** The settings of a training with all defaults, so that what they mean is checked, and does not change behind a recipe's back. */
function completed(stage: Written): Stage {
  if (stage.kind !== 'train') return stage;
  const { name, kind, preset, config } = stage;
  try {
    return { name, kind, config: resolveConfig(preset, config) };
  } catch (error) {
    if (error instanceof FerError) throw invalid(name, error.message);
    throw error;
  }
}

/** Networks to average must be alike, which would show only after they are trained. */
function assertAverage(stage: Stage, stages: readonly Stage[]): void {
  if (stage.kind !== 'average') return;
  const trained = referencesIn(stage.models).flatMap((name) => {
    const source = stages.find((other) => other.name === name);
    return source?.kind === 'train' ? [source] : [];
  });
  const shape = ({ config: { network } }: TrainStage): string =>
    JSON.stringify({ ...network, dropout: 0, flipTta: false });
  const other = trained.find((one) => shape(one) !== shape(trained[0]!));
  if (other !== undefined)
    throw invalid(
      stage.name,
      `"${trained[0]!.name}" and "${other.name}" train different networks, which have no average`,
    );
}

function invalid(stage: string, what: string): FerError {
  return new FerError('CONFIG_INVALID', `recipe, stage "${stage}": ${what}`);
}

function describe(issue: z.core.$ZodIssue, json: unknown): string {
  const where = issue.path.map(String).join('.') || 'the whole';
  if (issue.code !== 'unrecognized_keys') return `${where}: ${issue.message}`;
  const written =
    issue.path[0] === 'stages'
      ? (json as { stages: { kind: keyof typeof KINDS }[] }).stages[Number(issue.path[1])]
      : undefined;
  const known = Object.keys((written === undefined ? schema : KINDS[written.kind]).shape);
  return `${where}: ${issue.keys.map((key) => `unknown field "${key}": did you mean "${closest(key, known)}"?`).join(', ')}`;
}
