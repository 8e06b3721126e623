import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';

const require = createRequire(import.meta.url);

/** The bold cut of ASS_FONT, from an npm package. */
const FONT = 'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf';

/**
 * Puts the overlay's font into its own folder, for libass' `fontsdir`. Without fonts (most containers) libass would drop every event,
 * boxes included, and ffmpeg would still exit with 0.
 *
 * @returns the folder
 * @throws FerError OUTPUT_UNWRITABLE if the font package is not installed
 */
export async function placeFont(folder: string): Promise<string> {
  let font: string;
  try {
    font = require.resolve(FONT);
  } catch (error) {
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      'cannot draw an overlay: the font package dejavu-fonts-ttf is not installed; run npm install',
      {
        cause: error,
      },
    );
  }
  const fonts = join(folder, 'fonts');
  // Its own folder, because libass loads every file there.
  await mkdir(fonts);
  await copyFile(font, join(fonts, basename(font)));
  return fonts;
}
