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
 * @param replace told the stage's name, the place inside its folder ("" for the folder itself), and the setting's own name
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
