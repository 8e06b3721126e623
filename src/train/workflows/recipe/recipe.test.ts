import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { STAGE_SETTINGS, parseRecipe, readRecipe, referencesIn, replaceReferences } from './recipe.js';
import type { TrainStage } from './recipe.js';
import { differences, fingerprints } from './run-recipe.js';

const CROPS = { name: 'crops', kind: 'prepare', data: '@data' };
const frames = (config: object = {}, more: object = {}) => ({
  name: 'frames',
  kind: 'train',
  preset: 'ce',
  config: { data: '@crops', ...config },
  ...more,
});
const PUBLISH = { name: 'out', kind: 'publish', model: '@frames/best', to: 'default' };
const recipe = (...stages: object[]) => parseRecipe({ stages });

describe('the recipe of the default model', async () => {
  const { stages } = await readRecipe(fileURLToPath(new URL('../../../../models/recipe.json', import.meta.url)));
  const config = (name: string) => (stages.find((stage) => stage.name === name) as TrainStage).config;

  it('can be run: every stage is valid and refers to earlier ones', () => {
    expect(stages[0]).toMatchObject({ kind: 'prepare', data: '@data' });
    expect(stages.at(-1)).toMatchObject({ kind: 'publish', to: 'default' });
  });

  it('ends with one network that learns from the teacher, for all classes alike, at last with NLA', () => {
    const students = stages.filter(({ name }) => name.startsWith('student')).map(({ name }) => config(name));
    expect(students.length).toBeGreaterThan(1);
    for (const { distil, balance, network } of students) {
      expect({ distil, balance }).toMatchObject({ distil: { teachers: ['@ensemble/last'] }, balance: 1 });
      expect(network).toMatchObject({ name: 'face-resnet', flipTta: false });
    }
    expect(students.at(-1)!.method.name).toBe('nla');
  });

  it('has no unused stage, and starts from random weights', () => {
    stages.slice(0, -1).forEach(({ name }, i) => {
      expect(stages.slice(i + 1).flatMap(referencesIn), name).toContain(name);
    });
    expect(config(stages.find((stage) => stage.kind === 'train')!.name).init).toBeNull();
  });
});

describe('a recipe', () => {
  it('has all settings of a training, defaults included', () => {
    const [, stage] = recipe(CROPS, frames({ epochs: 3 })).stages as [unknown, TrainStage];
    expect(stage.config).toMatchObject({
      epochs: 3,
      method: { name: 'ce' },
      network: { name: 'compact' },
      data: '@crops',
    });
  });

  it.each([
    [[], /recipe: stages: /],
    [[{ ...CROPS, sizes: 3 }], /stages\.0: unknown field "sizes": did you mean "size"\?/],
    [[{ ...CROPS, kind: 'prepar' }], /recipe: stages\.0/],
    [[{ ...CROPS, name: 'a/b' }], /stages\.0\.name: .*name of a folder/],
    [[{ ...CROPS, name: 'data' }], /stage "data": .*command line/],
    [[CROPS, CROPS], /stage "crops": another stage has the same name/],
    [
      [CROPS, frames({ epoch: 3 })],
      /stage "frames": training configuration: unknown setting "epoch": did you mean "epochs"\?/,
    ],
    [[CROPS, frames({ init: '@frame/best' })], /stage "frames": "@frame" is not an earlier stage/],
    [[CROPS, frames({ init: '@frames/best' })], /stage "frames": "@frames" is not an earlier stage/],
    [
      [
        CROPS,
        frames({ network: { width: 16 } }),
        { ...frames(), name: 'wider' },
        { name: 'mean', kind: 'average', models: ['@frames/best', '@wider/last'] },
      ],
      /stage "mean": "frames" and "wider" train different networks/,
    ],
    [[PUBLISH, CROPS, frames()], /stage "out": "@frames" is not an earlier stage: did you mean "@data"\?/],
  ])('is refused before anything runs: %j', (stages, message) => {
    expect(() => recipe(...stages)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) as string }),
    );
  });
});

describe('references', () => {
  it('are found at any depth and replaced', () => {
    const settings = { a: '@one/best', b: { data: '@two', c: ['@one', 3, null, 'me@home'] } };
    expect(referencesIn(settings)).toEqual(['one', 'two']);
    expect(replaceReferences(settings, (name, place, setting) => `${setting}:${name}:${place}`)).toEqual({
      a: 'a:one:best',
      b: { data: 'data:two:', c: ['c:one:', 3, null, 'me@home'] },
    });
  });
});

describe('fingerprints', () => {
  const of = (...stages: object[]): string[] => [...fingerprints(recipe(...stages), ['manifest']).values()].slice(1);

  it('change with a stage and those that build on it, and no others', () => {
    const [crops, train, publish] = of(CROPS, frames(), PUBLISH);
    expect(of(CROPS, frames({ epochs: 40 }), PUBLISH)).toEqual([crops, train, publish]); // which is the default
    const other = of(CROPS, frames({ epochs: 41 }), PUBLISH);
    expect(other[0]).toBe(crops);
    expect(other[1]).not.toBe(train);
    expect(other[2]).not.toBe(publish);
    expect([...fingerprints(recipe(CROPS), ['ferplus']).values()][1]).not.toBe(crops);
  });

  it('differences are listed', () => {
    const before = recipe(CROPS, frames()).stages[1]!;
    const now = recipe(CROPS, frames({ epochs: 41, optimizer: { lr: 0.5 } })).stages[1]!;
    expect(differences(before, now)).toEqual(['config.epochs: 40, now 41', 'config.optimizer.lr: 0.001, now 0.5']);
    expect(differences(before, before)).toEqual([]);
  });
});

it('the example of docs/recipe.md can be run, and the page names every kind of stage with its settings', () => {
  const page = readFileSync(new URL('../../../../docs/recipe.md', import.meta.url), 'utf8');
  expect(parseRecipe(JSON.parse(/```json\n([^]*?)```/.exec(page)![1]!)).stages).toHaveLength(4);
  const rows = new Map(
    [...page.matchAll(/^\| `(\w+)` \| .* \| (.*) \|$/gm)].map(([, kind, settings]) => [kind!, settings!]),
  );
  expect([...rows.keys()]).toEqual(Object.keys(STAGE_SETTINGS));
  for (const [kind, settings] of Object.entries(STAGE_SETTINGS))
    for (const setting of settings) expect(rows.get(kind), kind).toContain(`\`${setting}\``);
});
