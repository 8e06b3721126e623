import { createRequire } from 'node:module';

/** The version of ferstream, from its package.json. */
export const VERSION = readVersion();

/** Weights, workers and engines are found relative to this file, so ferstream cannot be part of a bundle. */
function readVersion(): string {
  try {
    const manifest = createRequire(import.meta.url)('../package.json') as { name: string; version: string };
    if (manifest.name === 'ferstream') return manifest.version;
  } catch {
    // A bundle has no such file, or no import.meta.url.
  }
  throw new Error(
    'ferstream was bundled, but it loads files from its own package: keep ferstream external (esbuild: --external:ferstream; Vite: ssr.external or build.rollupOptions.external)',
  );
}
