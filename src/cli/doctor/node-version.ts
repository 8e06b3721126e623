import { createRequire } from 'node:module';
import type { CheckResult } from './check.js';

const { engines } = createRequire(import.meta.url)('../../../package.json') as { engines: { node: string } };

/** Whether this Node is one that ferstream's package.json allows (a single ">=major.minor"). */
export function checkNodeVersion(version = process.versions.node, range = engines.node): readonly CheckResult[] {
  const wanted = numbers(range);
  const have = numbers(version);
  const enough = compare(have, wanted) >= 0;
  return [
    {
      name: 'node',
      status: enough ? 'ok' : 'failed',
      detail: `${version} (${range} wanted)`,
      mend: enough ? null : 'nvm install 22',
    },
  ];
}

function numbers(text: string): readonly number[] {
  return [...text.matchAll(/\d+/g)].map(([digits]) => Number(digits));
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, wanted] of b.entries()) {
    const difference = (a[i] ?? 0) - wanted;
    if (difference !== 0) return difference;
  }
  return 0;
}
