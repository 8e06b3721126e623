import type { RunMetadata } from './run-metadata.js';
import { AssTrack } from './ass-track.js';
import { AtomicFile } from '../../files/atomic-file.js';
import type { OutputFormat, StagedWriter } from './output-format.js';

/** Boxes and labels as a subtitle script, to be shown by a player or burnt in. */
export const ASS: OutputFormat = {
  name: 'ass',
  ending: '.ass',
  summary: 'ASS subtitles: boxes that follow the faces, with expression and percentage, for mpv, VLC or ffmpeg',
  async open(path: string, metadata: RunMetadata): Promise<StagedWriter> {
    const track = new AssTrack(metadata.input.name);
    const file = await AtomicFile.open(path);
    return {
      write: (result) => file.write(track.push(result)),
      async prepare() {
        await file.write(track.end());
        await file.prepare();
      },
      commit: () => file.commit(),
      abort: () => file.abort(),
    };
  },
};
