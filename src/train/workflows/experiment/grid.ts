import * as z from 'zod';
import { FerError, closest } from '../../../errors/fer-error.js';
import { resolveConfig } from '../../config/read-config.js';
import type { Settings } from '../../config/read-config.js';
import type { TrainConfig } from '../../config/train-config.js';
import { SPLITS } from '../../data/sample.js';

const settings = z.record(z.string(), z.unknown(), { error: 'write settings of fer train, as in { "epochs": 40 }' });

const schema = z.strictObject({
  /** Settings of `fer train` for every run. */
  base: settings,
  /** A short training that all methods start from, one for each condition and seed; null to start from random weights. */
  start: settings.nullable().default(null),
  /** By name: settings over the base. */
  methods: z.record(z.string(), settings, {
    error: 'name the methods and their settings, as in { "CE": { "method": { "name": "ce" } } }',
  }),
  /** By name: settings over the method, such as label noise. */
  conditions: z.record(z.string(), settings, {
    error: 'name the conditions and their settings, as in { "clean": {} }',
  }),
  seeds: z.array(z.int(), { error: 'list one or more whole numbers, as in [1, 2]' }).min(1),
  /** The split that finished models are measured on. It chooses nothing. */
  test: z.enum(SPLITS).default('test'),
});

/** Every method under every condition with every seed. */
export type Grid = z.output<typeof schema>;

/** One run of the grid. */
export interface Cell {
  readonly method: string;
  readonly condition: string;
  readonly seed: number;
  /** Name of its folder, and of the start it shares with the other methods; null where there is none. */
  readonly folder: string;
  readonly startFolder: string | null;
  readonly config: TrainConfig;
}

/** The run that makes the start of all methods under a condition with a seed. */
export interface StartCell {
  readonly folder: string;
  readonly config: TrainConfig;
}

/** The cells that share data and start. */
export interface CellGroup {
  readonly start: StartCell | null;
  readonly cells: readonly Cell[];
}

/** @throws FerError CONFIG_INVALID */
export function parseGrid(json: unknown): Grid {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const what =
    issue.code === 'unrecognized_keys'
      ? issue.keys
          .map((key) => `unknown field "${key}": did you mean "${closest(key, Object.keys(schema.shape))}"?`)
          .join(', ')
      : `${issue.path.map(String).join('.') || 'the whole'}: ${issue.message}`;
  throw new FerError('CONFIG_INVALID', `experiment: ${what}`, { cause: result.error });
}

/**
 * The grid laid out, seed by seed, so that an interrupted grid has whole comparisons.
 * @throws FerError CONFIG_INVALID when a cell's settings do not fit
 */
export function layOut(grid: Grid): readonly CellGroup[] {
  const groups = grid.seeds.flatMap((seed) =>
    Object.entries(grid.conditions).map(([condition, conditionSettings]) => {
      const place = (name: string): string => [name, condition, `seed ${seed}`].map(slug).join('/');
      const configure = (own: Settings): TrainConfig =>
        resolveConfig(null, grid.base, own, conditionSettings, { seed });
      const start = grid.start === null ? null : { folder: place('start'), config: configure(grid.start) };
      const cells = Object.entries(grid.methods).map(([method, own]) => ({
        ...{ method, condition, seed },
        folder: place(method),
        startFolder: start?.folder ?? null,
        config: configure(own),
      }));
      return { start, cells };
    }),
  );
  checkFolders(groups);
  return groups;
}

/** @throws FerError CONFIG_INVALID when two runs would share a folder: names are kept apart by letters and digits, not by spaces and signs */
function checkFolders(groups: readonly CellGroup[]): void {
  const taken = new Set<string>();
  for (const { folder } of groups.flatMap(({ start, cells }) => [...(start === null ? [] : [start]), ...cells])) {
    if (taken.has(folder))
      throw new FerError(
        'CONFIG_INVALID',
        `experiment: two runs would share the folder ${folder}: give methods, conditions and seeds names that differ${folder.startsWith('start/') ? ', and none the name "start"' : ''}`,
      );
    taken.add(folder);
  }
}

function slug(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '-');
}
