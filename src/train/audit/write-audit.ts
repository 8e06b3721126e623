import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { writeError } from '../../files/write-error.js';
import { auditCsv } from './audit-csv.js';
import type { LabelAudit } from './audit-labels.js';
import { auditPage } from './audit-page.js';
import type { AuditPageOptions } from './audit-page.js';

export const AUDIT_CSV = 'audit.csv';
export const AUDIT_HTML = 'audit.html';

/** Writes audit.csv and audit.html into a folder, which is made if need be. @throws FerError OUTPUT_UNWRITABLE */
export async function writeAudit(folder: string, audit: LabelAudit, options: AuditPageOptions): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeError(folder, error);
  });
  await writeFileAtomic(join(folder, AUDIT_CSV), auditCsv(audit));
  await writeFileAtomic(join(folder, AUDIT_HTML), await auditPage(audit, options));
}
