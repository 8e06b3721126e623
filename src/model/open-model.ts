import { BaselineModel } from './baseline/baseline-model.js';
import type { ExpressionModel } from './expression-model.js';
import type { ModelName } from './model-names.js';

/** Who sits in the model's seat; the only place that knows. */
const MODELS: Readonly<Record<ModelName, () => Promise<ExpressionModel>>> = {
  baseline: () => BaselineModel.load(),
};

/**
 * Loads an expression model into the engine that TensorFlow.js is set to.
 * @throws FerError WEIGHTS_MISSING
 */
export function openModel(name: ModelName): Promise<ExpressionModel> {
  return MODELS[name]();
}
