/**
 * Cuts out the faces of a data set, trains a frame network on them, and tests the model of its best epoch. Run it again to resume.
 *
 *   npx tsx examples/train.ts manifest:my-videos runs/example
 */
import { join } from 'node:path';
import { openBackend, openModel } from 'ferstream';
import {
  PreparedFaces,
  evaluate,
  openDataset,
  openPrepared,
  prepareDataset,
  resolveConfig,
  train,
} from 'ferstream/train';

const [data = 'manifest:my-videos', folder = 'runs/example'] = process.argv.slice(2);
const crops = join(folder, 'crops');

await openBackend();
await prepareDataset(await openDataset(data), crops, { framesPerSecond: 5 });

const config = resolveConfig('ce', { data: `prepared:${crops}`, epochs: 3, batchSize: 16 });
const run = await train(config, join(folder, 'run'), {
  resume: true,
  onMessage: console.log,
  onEpoch: ({ epoch, loss, validation }) => {
    console.log(
      `epoch ${epoch}: loss ${loss.toFixed(3)}, validation accuracy ${validation?.accuracy.toFixed(3) ?? 'unknown'}`,
    );
  },
});

const model = await openModel(run.folder.best);
const tested = await openPrepared(crops, { split: 'test' });
const { accuracy, count } = await evaluate(model, PreparedFaces.of(tested, model.crop));
console.log(`${run.folder.best}: ${(100 * accuracy).toFixed(1)} % of ${count} test frames`);
await tested.close();
model.dispose();
