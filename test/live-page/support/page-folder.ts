import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ENTRIES = ['src/stream/web/page.ts', 'src/stream/web/overlay-page.ts', 'src/stream/client/index.ts'];

/**
 * Puts into `folder` what `npm run build:page` makes, and the package's client entry: module by module, without the check of
 * types, which has its own command.
 */
export async function buildPage(folder: string): Promise<void> {
  const { metafile } = await build({
    ...{ absWorkingDir: ROOT, entryPoints: ENTRIES, bundle: true, platform: 'browser', format: 'esm' },
    ...{ metafile: true, write: false, outdir: folder },
  });
  await build({
    ...{ absWorkingDir: ROOT, entryPoints: Object.keys(metafile.inputs), bundle: false, format: 'esm' },
    ...{ outdir: join(folder, 'js'), outbase: join(ROOT, 'src') },
  });
  await cp(join(ROOT, 'src/stream/web/static'), folder, { recursive: true });
}
