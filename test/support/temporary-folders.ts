import { rmSync } from 'node:fs';
import { afterAll } from 'vitest';

const folders = new Set<string>();

/** Removes a folder after the tests of the file that is running. */
export function removeWithTestFile(folder: string): void {
  folders.add(folder);
}

/** For `setupFiles`, which run once for each test file; a hook in a module that several files share would run after the first only. */
export function removeFoldersAfterEachFile(): void {
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    folders.clear();
  });
}
