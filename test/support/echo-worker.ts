/** A worker for the tests of `WorkerClient`: echoes, fails, or ends. */
import { FerError } from '../../src/errors/fer-error.js';
import { serveWorker, withTransfer } from '../../src/workers/serve-worker.js';

export interface EchoApi {
  echo(text: string): Promise<string>;
  double(values: Float32Array): Float32Array;
  refuse(text: string): never;
  exit(code: number): never;
}

await serveWorker<string, EchoApi>(({ greeting }: { readonly greeting: string }) => {
  if (greeting === '') throw new FerError('CONFIG_INVALID', 'the greeting is empty');
  return Promise.resolve({
    ready: greeting,
    api: {
      // Later requests must wait for this one although it takes longer.
      echo: (text) =>
        new Promise<string>((resolve) => {
          setTimeout(resolve, 10 - text.length, text);
        }),
      double: (values) => {
        const doubled = values.map((value) => 2 * value);
        return withTransfer(doubled, [doubled.buffer]);
      },
      refuse: (text) => {
        throw new FerError('USAGE', text);
      },
      exit: (code) => process.exit(code),
    },
  });
});
