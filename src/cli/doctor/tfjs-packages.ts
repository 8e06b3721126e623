import {
  differingPackages,
  installedTfjsPackages,
  levelCommand,
  tfjsVersion,
} from '../../model/engines/tfjs-versions.js';
import type { TfjsPackage } from '../../model/engines/tfjs-versions.js';
import type { CheckResult } from './check.js';

/** Whether every @tensorflow package has the same version; their internals call each other. */
export function checkTfjsPackages(
  packages: readonly TfjsPackage[] = installedTfjsPackages(),
  expected = tfjsVersion(),
): readonly CheckResult[] {
  const differing = differingPackages(packages, expected);
  const short = (list: readonly TfjsPackage[]): string =>
    list.map(({ name }) => name.replace('@tensorflow/', '')).join(', ');
  if (differing.length === 0)
    return [{ name: 'tensorflow.js', status: 'ok', detail: `${expected}: ${short(packages)}`, mend: null }];
  return differing.map((odd): CheckResult => ({
    name: 'tensorflow.js',
    // An optional engine of another version is passed over; a mixture in the core stops everything.
    status: odd.optional ? 'note' : 'failed',
    detail: `${odd.name} is ${odd.version}, TensorFlow.js ${expected}`,
    mend: levelCommand([odd], expected),
  }));
}
