import { createHash } from 'node:crypto';
import { vi } from 'vitest';
import type { NetworkSession, Values } from '../../src/model/sessions/network.js';
import * as sessions from '../../src/model/sessions/tfjs-session.js';
import { tf } from '../../src/model/tfjs.js';

/** Bytes of answers kept at most. */
const ROOM = 200e6;

/** Answers by engine, network and input, for all test files of the process. */
const answers = new Map<string, readonly Values[]>();
let bytes = 0;

/**
 * Until the end of the test file, networks opened on TensorFlow.js compute their answer to an input once. For tests of what is made of the
 * answers, which follow the same frames again and again.
 */
export function rememberNetworks(): void {
  const open = sessions.openTfjsSession;
  vi.spyOn(sessions, 'openTfjsSession').mockImplementation(async (network): Promise<NetworkSession> => {
    const session = await open(network);
    const name = `${tf.getBackend()} ${network.name} ${await network.identity()}`;
    return {
      async run(inputs) {
        const hash = createHash('sha1').update(name);
        for (const { data, shape } of inputs) hash.update(shape.join()).update(data);
        const key = hash.digest('base64');
        const answer = answers.get(key) ?? keep(await session.run(inputs));
        answers.set(key, answer);
        return answer.map(({ data, shape }) => ({ data: data.slice(), shape }));
      },
      dispose: () => {
        session.dispose();
      },
    };
  });
}

/** Networks compute again what they have computed. */
export function forgetAnswers(): void {
  answers.clear();
  bytes = 0;
}

function keep(values: readonly Values[]): readonly Values[] {
  if (bytes > ROOM) forgetAnswers();
  for (const { data } of values) bytes += data.byteLength;
  return values;
}
