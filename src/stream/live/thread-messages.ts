import type { ErrorCode } from '../../errors/index.js';
import type { Frame } from '../../ingest/index.js';
import type { FrameResult } from '../frame-result.js';
import type { EngineDescription } from './live-engine.js';

/** To the thread. All but `forget` get one answer, in order. */
export type PerceiverRequest =
  | { readonly kind: 'picture'; readonly stream: number; readonly frame: Frame }
  | { readonly kind: 'forget'; readonly stream: number }
  | { readonly kind: 'tensors' };

/** From the thread: `ready` or `failed` once, then the answers. */
export type PerceiverAnswer =
  | { readonly kind: 'ready'; readonly description: EngineDescription }
  | { readonly kind: 'result'; readonly result: FrameResult }
  | { readonly kind: 'tensors'; readonly count: number }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };
