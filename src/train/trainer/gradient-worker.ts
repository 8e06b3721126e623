/** Main program of a training thread: opens its engine, builds the network, and answers every micro-batch with its gradients. */
import { tf } from '../../model/tfjs.js';
import { openBackend } from '../../model/engines/open-backend.js';
// Registers the layers that the topology names.
import '../../model/networks/topology.js';
import { buildMethod } from './build-method.js';
import { ModelWeights, viewOf } from './model-weights.js';
import { computeGradients } from './gradients.js';
import type { MicroBatchResult } from './gradients.js';
import { serveWorker, withTransfer } from '../../workers/serve-worker.js';
import type { GradientApi, GradientRequest, ThreadSetup } from './worker-runner.js';

await serveWorker<null, GradientApi>(async (setup: ThreadSetup) => {
  const compute = await prepare(setup);
  return {
    ready: null,
    api: {
      async compute(request) {
        const result = await compute(request);
        return withTransfer(
          result,
          [result.gradient, result.moving, result.logits].map(({ buffer }) => buffer as ArrayBuffer),
        );
      },
    },
  };
});

async function prepare({
  backend,
  topology,
  initial,
  loss,
  rowLabels,
  classCount,
  weights: shared,
}: ThreadSetup): Promise<(request: GradientRequest) => Promise<MicroBatchResult>> {
  await openBackend({ backend });
  const model = await tf.models.modelFromJSON({ modelTopology: topology });
  tf.tidy(() => {
    model.setWeights(model.weights.map(({ shape }, i) => tf.tensor(initial[i]!, shape as number[])));
  });
  const method = buildMethod(loss, [...rowLabels], classCount);
  const weights = new ModelWeights(model);
  const given = viewOf(shared);
  let stepHeld = -1;

  return async ({ step, batch, progress }) => {
    if (step === stepHeld) weights.writeMoving(given.moving);
    else weights.write(given);
    stepHeld = step;
    return computeGradients(model, weights, method, batch, progress);
  };
}
