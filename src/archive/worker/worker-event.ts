import type { ErrorCode } from '../../errors/fer-error.js';
import type { Work } from './work-process.js';

/** Events of a worker. */
export type WorkerEvent =
  | { readonly event: 'started'; readonly concurrency: number }
  | { readonly event: 'job-started'; readonly id: string; readonly input: string; readonly step: Work['step'] }
  | {
      readonly event: 'job-done';
      readonly id: string;
      readonly input: string;
      readonly step: Work['step'];
      readonly frames: number;
      readonly seconds: number;
    }
  | { readonly event: 'job-divided'; readonly id: string; readonly input: string; readonly parts: number }
  | {
      readonly event: 'job-failed';
      readonly id: string;
      readonly input: string;
      readonly step: Work['step'];
      readonly code: ErrorCode;
      readonly reason: string;
      readonly final: boolean;
    }
  | { readonly event: 'job-returned'; readonly id: string; readonly input: string }
  | { readonly event: 'job-lost'; readonly id: string }
  | { readonly event: 'queue-away'; readonly reason: string }
  | { readonly event: 'queue-back' }
  | { readonly event: 'draining'; readonly running: number }
  | { readonly event: 'stopped' };
