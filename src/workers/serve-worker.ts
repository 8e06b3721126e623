import { parentPort, workerData } from 'node:worker_threads';
import { FerError } from '../errors/fer-error.js';
import type { ErrorCode } from '../errors/fer-error.js';

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

interface OpenedWorker<Ready, Api> {
  /** Sent to the client once: what it needs to know before it asks. */
  readonly ready: Ready;
  readonly api: Api;
}

const transfers = new WeakMap<object, readonly ArrayBuffer[]>();

/** Marks a result so that these buffers are moved to the client instead of copied. */
export function withTransfer<T extends object>(result: T, buffers: readonly ArrayBuffer[]): T {
  transfers.set(result, buffers);
  return result;
}

/**
 * Answers a `WorkerClient` from within a worker thread. Requests are handled in order, one at a time. An error is the answer to its request;
 * an error in a request that expects no answer ends the thread.
 */
export async function serveWorker<Ready, Api extends WorkerApi<Api>>(
  open: (setup: never) => Promise<OpenedWorker<Ready, Api>>,
): Promise<void> {
  if (parentPort === null) throw new FerError('INTERNAL', 'this module runs in worker threads only');
  const port = parentPort;
  const answer = (message: WorkerAnswer): void => {
    const value = 'value' in message ? message.value : null;
    const buffers = typeof value === 'object' && value !== null ? transfers.get(value) : undefined;
    port.postMessage(message, [...(buffers ?? [])]);
  };
  const fail = (id: number, error: unknown): void => {
    const { code, message } = FerError.from(error);
    answer({ id, code, message });
  };

  try {
    const { ready, api } = await open(workerData as never);
    const handle = async ({ id, method, argument }: WorkerRequest): Promise<void> => {
      try {
        const value = await (api as unknown as Record<string, (argument: unknown) => unknown>)[method]!(argument);
        if (id !== null) answer({ id, value });
      } catch (error) {
        if (id !== null) fail(id, error);
        else throwUncaught(error);
      }
    };
    let last: Promise<void> = Promise.resolve();
    port.on('message', (request: WorkerRequest) => {
      last = last.then(() => handle(request));
    });
    answer({ id: READY, value: ready });
  } catch (error) {
    fail(READY, error);
  }
}

function throwUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
