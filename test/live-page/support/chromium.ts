import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** CHROMIUM_PATH, or the first of the usual names in PATH; null, with a warning, if there is none. */
export const CHROMIUM = findChromium();
if (CHROMIUM === null)
  console.warn(`SKIPPED, the live page is NOT tested: no ${NAMES.join(', ')} in PATH, and CHROMIUM_PATH is not set`);

function findChromium(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const places = [
    process.env['CHROMIUM_PATH'] ?? '',
    ...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))),
  ];
  return places.find((place) => place !== '' && isProgram(place)) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
