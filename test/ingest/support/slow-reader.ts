/* Run by teardown.test.ts in a separate process: reads one frame of the file named, says so, and never asks for another. */
import { openFile } from '../../../src/ingest/sources/open-source.js';

const source = await openFile(process.argv[2]!);
for await (const frame of source.frames()) {
  console.log(`frame ${frame.index}`);
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}
