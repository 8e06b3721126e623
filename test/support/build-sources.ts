import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { globSync } from 'tinyglobby';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A copy of the repository in which src/ and the supporting files of the tests are JavaScript. */
    readonly builtRepository: string;
  }
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
let folder: string | undefined;

/**
 * Compiles the sources once per test run: a process that loads JavaScript starts in a third of the time that one needs which compiles TypeScript.
 * Everything but src/ and test/ is a link to the repository, so that packages and models are found.
 */
export async function setup(project: TestProject): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'ferstream-built-'));
  await build({
    absWorkingDir: ROOT,
    entryPoints: globSync(['src/**/*.ts', 'test/**/support/*.ts'], { cwd: ROOT, ignore: ['**/*.test.ts'] }),
    outdir: folder,
    outbase: ROOT,
    bundle: false,
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'error',
  });
  const linked = (await readdir(ROOT)).filter((name) => !['src', 'test', '.git'].includes(name));
  for (const path of [...linked, ...globSync('src/**/static', { cwd: ROOT, onlyDirectories: true })])
    await symlink(join(ROOT, path), join(folder, path.replace(/\/$/, '')));
  project.provide('builtRepository', folder);
}

export async function teardown(): Promise<void> {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
