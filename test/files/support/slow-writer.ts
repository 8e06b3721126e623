/* Writes a file and commits it when its standard input ends. Argument: the file. */
import { argv, stdin, stdout } from 'node:process';
import { AtomicFile } from '../../../src/files/atomic-file.js';

const file = await AtomicFile.open(argv[2]!);
stdout.write('open\n');
await file.write('text');
await new Promise((resolve) => stdin.resume().once('end', resolve));
await file.prepare();
await file.commit();
stdout.write('committed\n');
