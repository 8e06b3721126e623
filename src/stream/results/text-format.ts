import { AtomicFile } from '../../files/atomic-file.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import type { OutputFormat } from './output-format.js';
import type { RunMetadata, RunOutcome } from './run-metadata.js';

/** The text of one output, part by part. */
export interface TextWriter {
  readonly header?: string;
  /** Text that became final with this frame; may be empty. */
  frame(result: FrameResult): string;
  /** The rest. */
  end?(outcome: RunOutcome): string;
}

/** A format whose output is one text file, written as the results come. */
export function textFormat(
  description: Pick<OutputFormat, 'name' | 'ending' | 'summary'>,
  begin: (metadata: RunMetadata, path: string) => TextWriter,
): OutputFormat {
  return {
    ...description,
    async open(path, metadata) {
      const writer = begin(metadata, path);
      const { header = '' } = writer;
      const file = await AtomicFile.open(path);
      try {
        await file.write(header);
      } catch (error) {
        await file.abort();
        throw error;
      }
      return {
        write: (result) => file.write(writer.frame(result)),
        async prepare(outcome) {
          if (writer.end !== undefined) await file.write(writer.end(outcome));
          await file.prepare();
        },
        commit: () => file.commit(),
        abort: () => file.abort(),
      };
    },
  };
}
