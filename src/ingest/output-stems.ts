import { folderName, nameWithoutEnding, ownName } from './input.js';
import type { Input, StemlessInput } from './input.js';

/** Ever longer names for one input; the first that nobody else bears is taken. */
const NAMINGS: readonly ((input: StemlessInput) => string)[] = [
  nameWithoutEnding,
  ownName,
  (input) => `${folderName(input)}-${nameWithoutEnding(input)}`,
  (input) => `${folderName(input)}-${ownName(input)}`,
];

/**
 * Gives every input a name for its outputs: "talk" for talk.mp4, but "talk.mp4" and "talk.mov" where both are there, and
 * "monday-talk" and "tuesday-talk" for files of one name from two folders. Names that differ only in case count as equal.
 */
export function withDistinctStems(inputs: readonly StemlessInput[]): Input[] {
  const stems = new Map<StemlessInput, string>();
  const taken = new Set<string>();
  let unnamed: readonly StemlessInput[] = inputs;
  for (const naming of NAMINGS) {
    const wishes = unnamed.map((input) => ({ input, name: fileName(naming(input)) }));
    const bearers = new Map<string, number>();
    for (const { name } of wishes) bearers.set(name.toLowerCase(), (bearers.get(name.toLowerCase()) ?? 0) + 1);
    for (const { input, name } of wishes) {
      const key = name.toLowerCase();
      if (bearers.get(key) !== 1 || taken.has(key)) continue;
      taken.add(key);
      stems.set(input, name);
    }
    unnamed = unnamed.filter((input) => !stems.has(input));
  }
  for (const input of unnamed) {
    const base = fileName(nameWithoutEnding(input));
    let count = 1;
    while (taken.has(`${base}-${count}`.toLowerCase())) count++;
    taken.add(`${base}-${count}`.toLowerCase());
    stems.set(input, `${base}-${count}`);
  }
  return inputs.map((input) => ({ ...input, stem: stems.get(input) ?? ownName(input) }));
}

/** A name that can be a file's: URLs may decode to separators. */
function fileName(name: string): string {
  const safe = name.replace(/[/\\\0]/g, '_');
  return safe === '' ? 'input' : safe;
}
