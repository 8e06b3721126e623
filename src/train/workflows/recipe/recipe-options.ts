import type { EpochRecord } from '../../records/epoch-record.js';

export interface RecipeOptions {
  /** FORMAT:DIR, what `@data` stands for. */
  readonly data?: string | undefined;
  /** From where the places count to which models are published. Default: the working directory. */
  readonly root?: string;
  /** Threads that share every batch in training. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  readonly onMessage?: (line: string) => void;
  readonly onProgress?: (progress: StageProgress) => void;
  readonly onEpoch?: (record: EpochRecord, epochs: number, isBest: boolean) => void;
}

/** How far the work at hand is. */
export interface StageProgress {
  /** What is being done, such as "frames, epoch 3/40". */
  readonly label: string;
  readonly unit: string;
  readonly done: number;
  readonly total: number;
  readonly note?: string;
}
