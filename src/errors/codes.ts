/**
 * Every reason for which ferstream refuses work, in one table.
 * `docs/errors.md` says the same, with what to do (a test keeps the two equal).
 */
export const ERROR_CODES = {
  USAGE: 'A command line or option that cannot be understood.',
  CONFIG_INVALID: 'A setting of the wrong type, out of range, or with an unknown name.',
  INPUT_NOT_FOUND: 'No file, folder or URL of that name, or a glob that matches nothing.',
  INPUT_UNREADABLE: 'The input is there but ffmpeg cannot decode it as video or image.',
  INPUT_NO_VIDEO: 'The input holds no video stream (audio only, for instance).',
  INPUT_UNSAFE: 'The input is of a kind that is refused on purpose: a playlist or script posing as a video.',
  INPUT_OUT_OF_RANGE: 'No frame of the input lies in the time range asked for.',
  INPUT_STALLED: 'A network or piped input stopped sending.',
  FFMPEG_MISSING: 'No ffmpeg or ffprobe could be found or started.',
  FFMPEG_FAILED: 'ffmpeg started but ended with an error.',
  BACKEND_UNAVAILABLE: 'The compute engine asked for is not installed or does not work here.',
  BACKEND_MISMATCH: 'TensorFlow.js fell back to another engine than the one asked for.',
  WEIGHTS_MISSING: 'Network weights could not be found or read.',
  MODEL_INCOMPATIBLE: 'A checkpoint whose labels, crop geometry or version do not fit this use.',
  MODEL_BROKEN: 'A model computed values that are not numbers; its results are not written.',
  ANNOTATION_INVALID:
    'An annotation file that is not ferstream JSONL, is cut short, or was written to another version of the schema.',
  WORKER_FAILED: 'A thread or process that did part of the work ended or failed.',
  OUTPUT_UNWRITABLE: 'An output file or folder could not be written.',
  FOLDER_IN_USE: 'Another process is writing in the folder.',
  PACKAGE_MISSING: 'A feature needs an optional package that is not installed.',
  STORAGE_FAILED: 'Object storage (s3://) refused a request or does not answer.',
  QUEUE_UNREACHABLE: 'No Redis or Valkey answers at the address of the queue.',
  QUEUE_UNSAFE: 'The Redis of the queue has settings with which jobs can be lost.',
  INTERRUPTED: 'Stopped by the user; finished work is kept.',
  INTERNAL: 'A defect in ferstream itself.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
