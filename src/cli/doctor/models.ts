import { DEFAULT_MODEL, MODEL_NAMES } from '../../model/model-names.js';
import { describeShipped } from '../../model/heads/shipped-models.js';
import { reasonOf } from './check.js';
import type { CheckResult } from './check.js';

/** The trained models that ship with ferstream: whether they are there and whole. Without the one that is taken by default nothing can be annotated. */
export async function checkModels(folder?: string, taken: string = DEFAULT_MODEL): Promise<readonly CheckResult[]> {
  const trained = MODEL_NAMES.filter((model) => model !== 'baseline');
  return Promise.all(
    trained.map(async (model): Promise<CheckResult> => {
      const name = `model ${model}`;
      try {
        const { hash, bytes } = await describeShipped(model, folder);
        return { name, status: 'ok', detail: `${(bytes / 1e6).toFixed(2)} MB, ${hash}`, mend: null };
      } catch (error) {
        const needed = model === taken;
        return {
          name,
          status: needed ? 'failed' : 'note',
          detail: reasonOf(error),
          mend: needed ? 'npm install ferstream' : null,
        };
      }
    }),
  );
}
