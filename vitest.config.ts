import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { globSync } from 'tinyglobby';
import type { Plugin } from 'vitest/config';
import { defineConfig } from 'vitest/config';
import { BUILT_REPOSITORY } from './test/support/build-sources.js';

const report = process.env['FERSTREAM_TEST_REPORT'];

/**
 * What a test file does that other files in its process would notice: choosing an engine, counting tensors, changing the process or the clock,
 * or keeping hooks in a module that files share. Such a file gets a process of its own. All others share one: starting a process and loading
 * the modules takes longer than most of them run.
 */
const TOUCHES_THE_PROCESS =
  /openBackend\(\{|fake-engine|memory\(\)|process\.(env|on|exit|kill|emit|std)|useFakeTimers|stubGlobal|stubEnv|support\/(live-server|browser)/;

const all = ['src/**/*.test.ts', 'test/**/*.test.ts'];
const alone = globSync(all).filter((path) => TOUCHES_THE_PROCESS.test(readFileSync(path, 'utf8')));

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

export default defineConfig({
  plugins: [compiledWorkers],
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: ['test/support/build-sources.ts'],
    setupFiles: ['test/support/set-up.ts'],
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      { extends: true, test: { name: 'shared', include: all, exclude: alone, isolate: false } },
      { extends: true, test: { name: 'alone', include: alone } },
    ],
  },
});
