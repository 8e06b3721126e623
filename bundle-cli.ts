// Puts the command line into few files: to find and read hundreds of them takes longer than all else before the first frame.
// The library stays as it is compiled, file by file. Worker threads and assets are those of the library, beside which each module still believes to be.
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';

const ROOT = dirname(fileURLToPath(import.meta.url));
const SOURCE = join(ROOT, 'src');

/** Packages of hundreds of files, as ES modules: what is not used is left out. All others are loaded from where npm has put them. */
const INLINED = new Map([
  ['rxjs', { module: 'node_modules/rxjs/dist/esm/index.js', licence: 'node_modules/rxjs/LICENSE.txt' }],
  ['zod', { module: 'node_modules/zod/index.js', licence: 'node_modules/zod/LICENSE' }],
]);

const places: Plugin = {
  name: 'places',
  setup(bundle) {
    bundle.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const compiled = relative(SOURCE, path).split(sep).join('/').replace(/ts$/, 'js');
      // Every file of the bundle lies in the folder of the command line.
      const place = `new URL('../${compiled}', import.meta.url).href`;
      return { contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', place), loader: 'ts' };
    });
    bundle.onResolve({ filter: /^[^./]/ }, ({ path, kind, importer }) => {
      if (kind === 'entry-point' || importer.includes(`${sep}node_modules${sep}`)) return undefined;
      const inlined = INLINED.get(path);
      return inlined === undefined
        ? { path, external: true }
        : { path: join(ROOT, ...inlined.module.split('/')), sideEffects: false };
    });
  },
};

/** @param folder of the compiled command line, whose main.js is replaced; the other compiled sources lie beside it */
export async function bundleCli(folder: string): Promise<void> {
  for (const file of await readdir(folder)) if (file.startsWith('chunk-')) await rm(join(folder, file));
  await build({
    absWorkingDir: ROOT,
    entryPoints: { main: 'src/cli/main.ts' },
    outdir: folder,
    allowOverwrite: true,
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', sourcemap: true },
    chunkNames: 'chunk-[hash]',
    plugins: [places],
    logLevel: 'warning',
  });
  const licences = [...INLINED].map(
    async ([name, { licence }]) => `${name}\n\n${await readFile(join(ROOT, ...licence.split('/')), 'utf8')}`,
  );
  await writeFile(join(folder, 'third-party-licences.txt'), (await Promise.all(licences)).join('\n\n'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleCli(join(ROOT, 'dist', 'cli'));
