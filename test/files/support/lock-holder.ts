/* Locks a folder and holds it until its standard input ends. Arguments: the folder, "busy" to block its main thread until a file "enough" lies there. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv, stdin, stdout } from 'node:process';
import { FerError } from '../../../src/errors/fer-error.js';
import { withFolderLock } from '../../../src/files/folder-lock.js';

try {
  await withFolderLock(argv[2]!, 'fer test', async ({ folder }) => {
    await writeFile(join(folder, 'work'), '');
    stdout.write('held\n');
    const cell = new Int32Array(new SharedArrayBuffer(4));
    if (argv[3] === 'busy') while (!existsSync(join(folder, 'enough'))) Atomics.wait(cell, 0, 0, 50);
    await new Promise((resolve) => stdin.resume().once('end', resolve));
  });
  stdout.write('released\n');
} catch (error) {
  stdout.write(`${FerError.from(error).code}\n`);
}
