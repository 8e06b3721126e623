/* Writes results for ever, to be killed in the middle. Arguments: the output folder. */
import { argv, stdout } from 'node:process';
import { openWriters } from '../../../src/stream/output/formats.js';
import { METADATA, face, frame } from './results.js';

const writers = await openWriters(['jsonl', 'csv', 'vtt', 'srt', 'ass', 'summary'], argv[2]!, 'clip', METADATA, {
  sourcePath: null,
});
for (let index = 0; ; index++) {
  await writers.write(frame(index, index / 25, [face(1, index % 20 < 10 ? 'happiness' : 'anger')]));
  if (index === 2000) stdout.write('busy\n');
}
