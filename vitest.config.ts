import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { globSync } from 'tinyglobby';
import type { Plugin } from 'vitest/config';
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import type { ProjectConfig, TestSpecification } from 'vitest/node';
import { BUILT_REPOSITORY } from './test/support/build-sources.js';

const report = process.env['FERSTREAM_TEST_REPORT'];

/**
 * Files share processes, as starting one and loading the modules takes longer than most of them run; `set-up.ts` puts back what a file changes.
 * These need a process of their own: they choose what a module keeps from its first use on, or load a native engine.
 */
const NEEDS_A_PROCESS = /s3\.environment|openBackend\(\{ backend: 'tfjs-node'/;

const all = ['src/**/*.test.ts', 'test/**/*.test.ts'];
const alone = globSync(all).filter((path) => NEEDS_A_PROCESS.test(readFileSync(path, 'utf8')));

/** Worker threads and processes that a source starts run its compiled neighbours: they need not compile TypeScript each time. */
const compiledWorkers: Plugin = {
  name: 'compiled-workers',
  enforce: 'pre',
  transform(code, id) {
    const source = relative(join(import.meta.dirname, 'src'), id);
    if (source.startsWith('..') || !code.includes("import.meta.url.endsWith('.ts')")) return null;
    const compiled = pathToFileURL(join(BUILT_REPOSITORY, 'src', source.replace(/\.ts$/, '.js')));
    return code.replaceAll('import.meta.url', JSON.stringify(compiled.href));
  },
};

/** Files of `test/` first, in which processes and servers are started: the last ones to run are short, so that no worker is left waiting. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      relative(import.meta.dirname, moduleId).startsWith('test/');
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** Of each project: what stands at the root only can be changed on the command line. */
const project: ProjectConfig = {
  pool: 'forks',
  testTimeout: 180_000,
  hookTimeout: 180_000,
  globalSetup: ['test/support/build-sources.ts'],
  setupFiles: ['test/support/set-up.ts'],
};

export default defineConfig({
  test: {
    // One more than the cores of the machines that run them: some tests wait most of the time.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      {
        plugins: [compiledWorkers],
        test: { ...project, name: 'shared', include: all, exclude: alone, isolate: false },
      },
      { plugins: [compiledWorkers], test: { ...project, name: 'alone', include: alone } },
    ],
  },
});
