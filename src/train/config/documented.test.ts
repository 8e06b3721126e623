import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PRESETS, resolveConfig } from './read-config.js';
import type { Settings } from './read-config.js';
import { trainConfigSchema } from './train-config.js';

const PAGE = readFileSync(new URL('../../../docs/train.md', import.meta.url), 'utf8');

interface Part {
  readonly def: {
    readonly type: string;
    readonly innerType?: Part;
    readonly options?: readonly Part[];
    readonly defaultValue?: unknown;
  };
  readonly shape?: Readonly<Record<string, Part>>;
  readonly values?: ReadonlySet<string>;
}

interface Setting {
  /** As in docs: `network.width` of `compact` */
  readonly name: string;
  /** As JSON; "required" where there is none. */
  readonly default: string;
}

/** Every setting of the schema. Parts that come in kinds are listed kind by kind. */
function settingsOf(part: Part, path: string, kind = ''): Setting[] {
  const { type, innerType, options, defaultValue } = part.def;
  const name = `\`${path}\`${kind}`;
  if (part.shape !== undefined)
    return Object.entries(part.shape).flatMap(([key, inner]) =>
      key === 'name' && kind !== '' ? [] : settingsOf(inner, path === '' ? key : `${path}.${key}`, kind),
    );
  if (options?.every(({ shape }) => shape !== undefined) === true) {
    return options.flatMap((option) => settingsOf(option, path, ` of \`${[...option.shape!['name']!.values!][0]!}\``));
  }
  // With a default the part is a setting of its own; a prefault only stands for what its inner settings say.
  const isOwn = type === 'default';
  const inner = innerType === undefined ? [] : settingsOf(innerType, path, kind);
  if (isOwn)
    return [
      { name, default: JSON.stringify(defaultValue) },
      ...(defaultValue === null ? inner.filter((one) => one.name !== name) : []),
    ];
  return innerType === undefined ? [{ name, default: 'required' }] : inner;
}

it('docs/train.md lists every setting with its default, and no other', () => {
  // One row may tell of several kinds: `network.dropout` of `compact`, `resnet18`.
  const rows = [...PAGE.matchAll(/^\| (`[\w.]+`)(?: of ((?:`[\w-]+`(?:, )?)+))? \| (.+?) \| .*\|$/gm)].flatMap(
    ([, name, kinds, value]) =>
      (kinds?.split(', ') ?? [null]).map((kind) => ({
        name: kind === null ? name : `${name!} of ${kind}`,
        default: value!.replaceAll('`', ''),
      })),
  );
  const settings = settingsOf(trainConfigSchema as unknown as Part, '');
  expect(settings.length).toBeGreaterThan(60);
  const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }): number =>
    a.name!.localeCompare(b.name!);
  expect(rows.sort(byName)).toEqual(settings.sort(byName));
});

/** As `--set` takes them. */
function assignments(settings: Settings, path = ''): string[] {
  return Object.entries(settings).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? assignments(value as Settings, `${path}${key}.`)
      : [`${path}${key}=${String(value)}`],
  );
}

it('docs/train.md lists what every preset sets', () => {
  const rows = [...PAGE.matchAll(/^\| `([\w-]+)` \| `(\w+\.name=.+)` \|$/gm)].map(([, name, settings]) => [
    name,
    settings!.split(' '),
  ]);
  expect(Object.fromEntries(rows)).toEqual(
    Object.fromEntries(Object.entries(PRESETS).map(([name, settings]) => [name, assignments(settings)])),
  );
});

it('the example file of docs/train.md is a valid configuration', () => {
  const example = JSON.parse(/```json\n([^]*?)```/.exec(PAGE)![1]!) as Settings;
  expect(resolveConfig(null, example)).toMatchObject(example);
});
