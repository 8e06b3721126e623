import { rm } from 'node:fs/promises';
import { FerError } from '../../errors/fer-error.js';
import { outOfRange } from '../../ingest/probe/refusal.js';
import { countShownPackets, probeFile } from '../../ingest/probe/probe-video.js';
import type { Input } from '../../ingest/sources/frame-source.js';
import { openSource } from '../../ingest/sources/open-source.js';
import type { AnnotateSettings } from '../../stream/pipeline/pipeline-settings.js';
import { markOutputs } from '../../stream/output/done-record.js';
import { openOutputs, outputPlaces, recordDone } from '../../stream/annotate/annotate-input.js';
import type { InputJob } from '../../stream/annotate/annotate-input.js';
import { renamePeople } from '../../stream/results/people.js';
import type { RunMetadata, RunOutcome } from '../../stream/results/annotation-schema.js';
import type { Segment } from '../queue/archive-job.js';
import { IdJoiner } from './join-ids.js';
import { readSegment, segmentFolder, segmentPath } from './segment-file.js';
import type { SegmentEnd } from './segment-file.js';

/** Seconds before a border whose frames are kept for the comparison with the next segment's lead-in. */
const OVERLAP = 12;

/** Result of a merge. */
export interface Merged {
  readonly outputs: readonly string[];
  readonly outcome: RunOutcome;
}

/**
 * Writes the results of one input from its segments: the same files as one run writes. Constant memory.
 * @param id of the input's job
 * @throws FerError ANNOTATION_INVALID when a segment is missing, INPUT_OUT_OF_RANGE when no segment has frames, OUTPUT_UNWRITABLE, INTERRUPTED
 */
export async function mergeSegments(
  job: InputJob,
  id: string,
  segments: readonly Segment[],
  settings: AnnotateSettings,
  root: string,
): Promise<Merged> {
  const ends: SegmentEnd[] = [];
  const joiner = new IdJoiner();
  const metadata = await wholeMetadata(job.input, settings, segmentPath(root, id, segments[0]!.index));
  const writers = await openOutputs(job, metadata, settings);
  let frames = 0;
  let last = -Infinity;
  try {
    for (const segment of segments) {
      const path = segmentPath(root, id, segment.index);
      const end = await readEnd(path);
      ends.push(end);
      joiner.begin(end.people);
      for await (const line of readSegment(path)) {
        if (job.signal?.aborted === true) throw new FerError('INTERRUPTED', `${job.input.name}: stopped`);
        if (line.type !== 'frame') continue;
        const { type: _, ...result } = line;
        const { timestamp } = result;
        if (timestamp < (segment.start ?? -Infinity)) joiner.compare(result);
        else if (timestamp >= (segment.end ?? Infinity)) joiner.keep(result);
        else {
          if (timestamp <= last) throw steppingBack(job.input.name, timestamp);
          last = timestamp;
          const renamed = joiner.rename(result);
          if (timestamp >= (segment.end ?? Infinity) - OVERLAP) joiner.remember(renamed);
          // Segments name people by ids of their own.
          const named = metadata.people === undefined ? renamed : renamePeople(renamed, metadata.people);
          await writers.write({ ...named, index: frames });
          frames += 1;
        }
      }
      joiner.end((segment.end ?? 0) - OVERLAP);
    }
    if (frames === 0) throw outOfRange(job.input.name, settings, null, null);
    const outcome = await outcomeOf(job.input, frames, metadata, ends);
    await markOutputs(job.outputDir, job.name, writers.paths);
    await writers.finish(outcome);
    await recordDone(job, writers.paths, outcome);
    await rm(segmentFolder(root, id), { recursive: true, force: true });
    return { outputs: outputPlaces(job, writers.paths), outcome };
  } catch (error) {
    await writers.abort();
    throw error;
  }
}

/** A segment's run, with what the container says about the whole. */
async function wholeMetadata(
  input: Input,
  { fps, start, end, width }: AnnotateSettings,
  first: string,
): Promise<RunMetadata> {
  const metadata = await readRunOf(first);
  const { info } = await openSource(input, { fps, start, end, width });
  return { ...metadata, input: { ...metadata.input, ...info } };
}

async function readRunOf(path: string): Promise<RunMetadata> {
  for await (const line of readSegment(path)) {
    if (line.type !== 'run') break;
    const { type: _, ...metadata } = line;
    return metadata;
  }
  throw new FerError('ANNOTATION_INVALID', `${path}: does not begin with its run line; run fer queue retry`);
}

async function readEnd(path: string): Promise<SegmentEnd> {
  let end: SegmentEnd | null = null;
  for await (const line of readSegment(path)) if (line.type === 'end') end = line;
  return end!;
}

/** How one run would have ended. */
async function outcomeOf(
  input: Input,
  frames: number,
  { input: { expectedFrames } }: RunMetadata,
  ends: readonly SegmentEnd[],
): Promise<RunOutcome> {
  const decodeErrors = ends.reduce((sum, end) => sum + end.decodeErrors, 0);
  const missing = expectedFrames !== null && frames < expectedFrames && (await isMissing(input, frames, decodeErrors));
  const damage = [
    `${frames}${expectedFrames === null ? '' : ` of ${expectedFrames}`} frames`,
    ...(decodeErrors > 0 ? [`${decodeErrors} decode error${decodeErrors === 1 ? '' : 's'}`] : []),
  ].join(', ');
  const degraded = missing || ends.some((end) => end.degraded);
  const notes = [...new Set(ends.flatMap(({ degraded: bad, note }) => (note === null || bad ? [] : [note])))];
  const all = [...(degraded ? [damage] : []), ...notes];
  return { frames, degraded, note: all.length === 0 ? null : all.join('; ') };
}

/** Whether frames are missing; an edit list may hide some of those that the container counts. */
async function isMissing(input: Input, frames: number, decodeErrors: number): Promise<boolean> {
  if (input.kind !== 'file' || decodeErrors > 0) return true;
  const { stream } = await probeFile(input.path, input.name);
  const shown = await countShownPackets(input.path, stream);
  return shown === null || frames < shown;
}

function steppingBack(name: string, timestamp: number): FerError {
  return new FerError(
    'INPUT_UNREADABLE',
    `${name}: its time steps back at ${timestamp} s, so it cannot be divided; submit it again with --segment 0`,
  );
}
