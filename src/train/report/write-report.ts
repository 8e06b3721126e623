import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { writeError } from '../../files/write-error.js';
import { reportPage } from './report-page.js';
import type { ReportData } from './report-page.js';

/**
 * Writes a run's report: one HTML file for people, with everything in it.
 * @param path of the file; folders are made if need be
 * @throws FerError OUTPUT_UNWRITABLE, and CONFIG_INVALID for data that do not fit each other.
 */
export async function writeReport(path: string, data: ReportData): Promise<void> {
  const page = await reportPage(data);
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw writeError(path, error);
  });
  await writeFileAtomic(path, page);
}
