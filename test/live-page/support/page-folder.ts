import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Builds the page as `npm run build:page` does, and the package's client entry, into `folder`. */
export async function buildPage(folder: string): Promise<void> {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const web = join(ROOT, 'src/stream/web');
  await mkdir(folder, { recursive: true });
  const config = join(folder, 'tsconfig.json');
  await writeFile(
    config,
    JSON.stringify({
      extends: join(web, 'tsconfig.build.json'),
      compilerOptions: { outDir: join(folder, 'js') },
      include: [web, join(ROOT, 'src/stream/client/index.ts')],
      exclude: [join(web, '**/*.test.ts')],
    }),
  );
  await promisify(execFile)(process.execPath, [tsc, '-p', config]);
  await cp(join(ROOT, 'src/stream/web/static'), folder, { recursive: true });
}
