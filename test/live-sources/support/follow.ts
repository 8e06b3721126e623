/* Run in a separate process: follows the source named, says when it has begun and when frames come. */
import { openLiveSource } from '../../../src/ingest/live/ffmpeg-live-source.js';

for await (const frame of openLiveSource(process.argv[2]!).frames(({ state }) => {
  console.log(state);
}))
  console.log(`frame ${frame.index}`);
