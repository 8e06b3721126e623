/* Locks a folder and holds it until its standard input ends. Arguments: the folder, "busy" to compute without a pause meanwhile. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv, stdin, stdout } from 'node:process';
import { FerError } from '../../../src/errors/fer-error.js';
import { withFolderLock } from '../../../src/files/folder-lock.js';

try {
  await withFolderLock(argv[2]!, 'fer test', async ({ folder }) => {
    await writeFile(join(folder, 'work'), '');
    stdout.write('held\n');
    if (argv[3] === 'busy') for (const end = Date.now() + 5500; Date.now() < end;);
    await new Promise((resolve) => stdin.resume().once('end', resolve));
  });
  stdout.write('released\n');
} catch (error) {
  stdout.write(`${FerError.from(error).code}\n`);
}
