import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inject } from 'vitest';

/** The compiled file of a source, for processes of their own. @param source from the root of the repository, e.g. 'src/cli/main.ts' */
export function builtFile(source: string): string {
  return join(inject('builtRepository'), source.replace(/\.ts$/, '.js'));
}

/** The same as a URL, for threads. */
export function builtModule(source: string): URL {
  return pathToFileURL(builtFile(source));
}
