import type { ErrorCode } from '../errors/codes.js';

/** The methods of a worker: one argument each, and an answer that can be cloned. */
export type WorkerApi<Api> = { readonly [Method in keyof Api]: (argument: never) => unknown };

export type MethodName<Api> = keyof Api & string;
export type Argument<Api extends WorkerApi<Api>, Method extends keyof Api> = Parameters<Api[Method]>[0];
export type Result<Api extends WorkerApi<Api>, Method extends keyof Api> = Awaited<ReturnType<Api[Method]>>;

/** Id of the answer that says that the worker is ready. */
export const READY = 0;

export interface WorkerRequest {
  /** Null: no answer is expected. */
  readonly id: number | null;
  readonly method: string;
  readonly argument: unknown;
}

export type WorkerAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly code: ErrorCode; readonly message: string };
