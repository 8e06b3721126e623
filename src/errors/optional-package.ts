import { FerError } from './fer-error.js';

/**
 * Loads an optional package.
 * @param purpose what needs it: "a queue"
 * @throws FerError PACKAGE_MISSING with the command that installs it
 */
export async function optionalPackage<T>(load: () => Promise<T>, packages: string, purpose: string): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND' && !/Cannot find (module|package)/.test(message))
      throw error;
    throw new FerError('PACKAGE_MISSING', `${purpose} needs optional packages: npm install ${packages}`, {
      cause: error,
    });
  }
}
