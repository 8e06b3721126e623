import { FerError } from '../errors/fer-error.js';

type Tree = { [key: string]: unknown };

/**
 * Settings on the command line: "optimizer.lr=0.001" is { optimizer: { lr: 0.001 } }. Values are JSON if
 * valid, else text.
 * @throws FerError USAGE for one without "="
 */
export function parseSettings(assignments: readonly string[]): Readonly<Record<string, unknown>> {
  // Without a prototype: "__proto__" is a name like any other, and refused as unknown.
  const root = Object.create(null) as Tree;
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    if (equals < 1)
      throw new FerError(
        'USAGE',
        `--set ${assignment}: write setting=value, as in optimizer.lr=0.001, and the data set before --set`,
      );
    const path = assignment.slice(0, equals).split('.');
    let place = root;
    for (const key of path.slice(0, -1)) {
      const next = place[key];
      place = place[key] = Object.assign(Object.create(null) as Tree, typeof next === 'object' ? next : {});
    }
    place[path.at(-1)!] = valueOf(assignment.slice(equals + 1));
  }
  return root;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
