/** What a training thread runs: opens its engine, builds the network anew, and answers every shard with its gradients. */
import { parentPort, workerData } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/fer-error.js';
import { openBackend } from '../../model/backend/index.js';
import { buildMethod } from '../trainer/build-method.js';
import { ModelWeights } from '../optimizer/model-weights.js';
// Brings the custom layers with it, which the topology names.
import { computeShard } from '../trainer/shard.js';
import type { ShardResult } from '../trainer/shard.js';
import type { ShardRequest, ThreadAnswer, ThreadSetup } from './messages.js';
import { viewOf } from './shared-weights.js';

if (parentPort === null) throw new FerError('INTERNAL', 'shard-worker runs in threads only');
const port = parentPort;
const setup = workerData as ThreadSetup;

try {
  const compute = await prepare(setup);
  port.on('message', (request: ShardRequest) => {
    compute(request).then((result) => {
      answer({ kind: 'result', result }, [result.gradient, result.moving, result.logits]);
    }, fail);
  });
  answer({ kind: 'ready' });
} catch (error) {
  fail(error);
}

async function prepare({
  backend,
  topology,
  initial,
  loss,
  rowLabels,
  classCount,
  weights: shared,
}: ThreadSetup): Promise<(request: ShardRequest) => Promise<ShardResult>> {
  await openBackend({ backend });
  const model = await tf.models.modelFromJSON({ modelTopology: topology });
  tf.tidy(() => {
    model.setWeights(model.weights.map(({ shape }, i) => tf.tensor(initial[i]!, shape as number[])));
  });
  const method = buildMethod(loss, [...rowLabels], classCount);
  const weights = new ModelWeights(model);
  const given = viewOf(shared);
  let stepHeld = -1;

  return async ({ step, shard, moment }) => {
    if (step === stepHeld) weights.writeMoving(given.moving);
    else weights.write(given);
    stepHeld = step;
    return computeShard(model, weights, method, shard, moment);
  };
}

function answer(message: ThreadAnswer, transferred: readonly Float32Array[] = []): void {
  port.postMessage(
    message,
    transferred.map(({ buffer }) => buffer as ArrayBuffer),
  );
}

function fail(error: unknown): void {
  answer({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}
