import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Builds the page as `npm run build:page` does, into `folder`. */
export async function buildPage(folder: string): Promise<void> {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  await promisify(execFile)(
    process.execPath,
    [tsc, '-p', 'src/stream/web/tsconfig.build.json', '--outDir', join(folder, 'js')],
    { cwd: ROOT },
  );
  await cp(join(ROOT, 'src/stream/web/static'), folder, { recursive: true });
}
