import { mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import { globSync } from 'tinyglobby';
import type { TestProject } from 'vitest/node';
import { bundleCli } from '../../bundle-cli.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A copy of the repository in which src/ and the supporting files of the tests are JavaScript. */
    readonly builtRepository: string;
  }
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Where the compiled copy lies; the same for all processes of a test run, which ask for it by `builtFile`. */
export const BUILT_REPOSITORY = join(tmpdir(), `ferstream-built-${process.pid}`);
const BUILT = 'FERSTREAM_BUILT_SOURCES';

/** Packages of some hundred files, which take a quarter of the time that a process needs to start: each is made one file. */
const BUNDLED = ['rxjs', 'zod'];
const bundled = (name: string): string => join(BUILT_REPOSITORY, `${name}.mjs`);

const bundledPackages: Plugin = {
  name: 'bundled-packages',
  setup(plugins) {
    plugins.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const code = await readFile(path, 'utf8');
      const names = new RegExp(`from '(${BUNDLED.join('|')})';`, 'g');
      return { contents: code.replace(names, (_, name: string) => `from '${bundled(name)}';`), loader: 'ts' };
    });
  },
};

/**
 * Compiles the sources once per test run: a process that loads JavaScript starts in a third of the time that one needs which compiles TypeScript.
 * Everything but src/ and test/ is a link to the repository, so that packages and models are found.
 */
export async function setup(project: TestProject): Promise<void> {
  project.provide('builtRepository', BUILT_REPOSITORY);
  // Called once for each project of the configuration, each with modules of its own.
  if (process.env[BUILT] === BUILT_REPOSITORY) return;
  await rm(BUILT_REPOSITORY, { recursive: true, force: true });
  await mkdir(BUILT_REPOSITORY);
  await build({
    absWorkingDir: ROOT,
    entryPoints: globSync(['src/**/*.ts', 'test/**/support/*.ts'], { cwd: ROOT, ignore: ['**/*.test.ts'] }),
    outdir: BUILT_REPOSITORY,
    outbase: ROOT,
    bundle: false,
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'error',
    plugins: [bundledPackages],
  });
  for (const name of BUNDLED) {
    const stdin = { contents: `export * from '${name}'`, resolveDir: ROOT };
    // With the condition under which rxjs brings modules.
    const conditions = ['es2015'];
    const options = { bundle: true, platform: 'neutral', format: 'esm', logLevel: 'error' } as const;
    await build({ stdin, outfile: bundled(name), conditions, ...options });
  }
  // As in the package.
  await bundleCli(join(BUILT_REPOSITORY, 'src', 'cli'));
  const linked = (await readdir(ROOT)).filter((name) => !['src', 'test', '.git'].includes(name));
  for (const path of [...linked, ...globSync('src/**/static', { cwd: ROOT, onlyDirectories: true })])
    await symlink(join(ROOT, path), join(BUILT_REPOSITORY, path.replace(/\/$/, '')));
  process.env[BUILT] = BUILT_REPOSITORY;
}

export async function teardown(): Promise<void> {
  await rm(BUILT_REPOSITORY, { recursive: true, force: true });
}
