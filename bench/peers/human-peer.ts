import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { largest } from './peer.js';
import type { Peer } from './peer.js';

interface HumanFace {
  readonly size: readonly [number, number];
  readonly emotion?: readonly { readonly emotion: string; readonly score: number }[];
}

interface Human {
  readonly tf: { tensor(data: Uint8Array, shape: number[], type: 'float32'): { dispose(): void } };
  load(): Promise<void>;
  detect(image: unknown): Promise<{ readonly error: string | null; readonly face: readonly HumanFace[] }>;
}

const LABELS = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'] as const;
const OFF = { enabled: false };

/**
 * The face path of @vladmandic/human with its own detector, mesh and emotion network, on wasm. It wants its models over HTTP there, so a server on
 * the loopback interface hands them out of the package.
 */
export async function openHuman(): Promise<Peer> {
  const require = createRequire(import.meta.url);
  // Its exports do not name this build under require.
  const code = join(dirname(require.resolve('@vladmandic/human')), 'human.node-wasm.js');
  const models = join(dirname(dirname(code)), 'models');
  const server = createServer((request, response) => {
    readFile(join(models, basename(request.url ?? ''))).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  const { port } = server.address() as AddressInfo;
  const wasm = dirname(require.resolve('@tensorflow/tfjs-backend-wasm'));
  const { Human } = require(code) as { readonly Human: new (config: object) => Human };
  const human = new Human({
    backend: 'wasm',
    wasmPath: `${wasm}/`,
    modelBasePath: `http://127.0.0.1:${String(port)}/`,
    debug: false,
    // Every picture is another one: nothing is carried over from the picture before.
    cacheSensitivity: 0,
    filter: OFF,
    face: {
      enabled: true,
      detector: { rotation: false, maxDetected: 5 },
      mesh: { enabled: true },
      emotion: { enabled: true, minConfidence: 0 },
      iris: OFF,
      attention: OFF,
      description: OFF,
      antispoof: OFF,
      liveness: OFF,
    },
    body: OFF,
    hand: OFF,
    object: OFF,
    gesture: OFF,
  });
  await human.load();
  return {
    name: 'human',
    labels: LABELS,
    trainedOn: 'FER2013 and others, not published in full',
    async answer({ data, width, height }) {
      const image = human.tf.tensor(data, [1, height, width, 3], 'float32'); // [1, H, W, 3]
      try {
        const { error, face: faces } = await human.detect(image);
        if (error !== null) throw new Error(`human: ${error}`);
        const emotion = largest(faces, ({ size: [w, h] }) => w * h)?.emotion;
        if (emotion === undefined || emotion.length === 0) return null;
        return Float32Array.from(LABELS, (label) => emotion.find((entry) => entry.emotion === label)?.score ?? 0);
      } finally {
        image.dispose();
      }
    },
  };
}
