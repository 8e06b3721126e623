import { openFile, openUrl } from './file-source.js';
import type { FrameSource, SourceOptions } from './frame-source.js';
import { openImages } from './image-folder-source.js';
import type { Input } from './input.js';
import { openStdin } from './stdin-source.js';

/**
 * The frames of an input.
 * @throws FerError INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_NO_VIDEO, INPUT_UNSAFE, INPUT_STALLED, FFMPEG_MISSING;
 * for stdin only once frames are read
 */
export async function openSource(
  input: Pick<Input, 'kind' | 'path' | 'name'>,
  options: SourceOptions = {},
): Promise<FrameSource> {
  switch (input.kind) {
    case 'file':
      return openFile(input.path, options, input.name);
    case 'images':
      return openImages(input.path, options, input.name);
    case 'url':
      return openUrl(input.path, options);
    case 'stdin':
      return openStdin(options, process.stdin, input.name);
  }
}
