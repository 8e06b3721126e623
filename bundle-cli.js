// Puts the command line into few files: to find and read hundreds of them takes longer than all else before the first frame.
// The library stays as it is compiled, file by file. Worker threads and assets are those of the library, beside which each module still believes to be.
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = dirname(fileURLToPath(import.meta.url));
const SOURCE = join(ROOT, 'src');
const OUT = join(ROOT, 'dist', 'cli');

/** Packages of hundreds of files, as ES modules: what is not used is left out. All others are loaded from where npm has put them. */
const INLINED = { rxjs: 'node_modules/rxjs/dist/esm/index.js', zod: 'node_modules/zod/index.js' };

/** @type {import('esbuild').Plugin} */
const places = {
  name: 'places',
  setup(bundle) {
    bundle.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const compiled = relative(SOURCE, path).split(sep).join('/').replace(/ts$/, 'js');
      // Every file of the bundle lies in dist/cli.
      const place = `new URL('../${compiled}', import.meta.url).href`;
      return { contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', place), loader: 'ts' };
    });
    bundle.onResolve({ filter: /^[^./]/ }, ({ path, kind, importer }) => {
      if (kind === 'entry-point' || importer.includes(`${sep}node_modules${sep}`)) return undefined;
      const inlined = INLINED[path];
      return inlined === undefined
        ? { path, external: true }
        : { path: join(ROOT, ...inlined.split('/')), sideEffects: false };
    });
  },
};

for (const file of await readdir(OUT)) if (file.startsWith('chunk-')) await rm(join(OUT, file));
await build({
  absWorkingDir: ROOT,
  entryPoints: { main: 'src/cli/main.ts' },
  outdir: OUT,
  allowOverwrite: true,
  ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', sourcemap: true },
  chunkNames: 'chunk-[hash]',
  plugins: [places],
  logLevel: 'warning',
});

const licences = Object.keys(INLINED).map(
  async (name) =>
    `${name}\n\n${await readFile(join(ROOT, 'node_modules', name, name === 'rxjs' ? 'LICENSE.txt' : 'LICENSE'), 'utf8')}`,
);
await writeFile(join(OUT, 'third-party-licences.txt'), (await Promise.all(licences)).join('\n\n'));
