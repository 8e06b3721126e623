import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a run noted of its training samples: values are p_GT, p_NN and the predicted class by epoch and row. [epochs, R, 3] */
export async function ambiguityOf(run: string): Promise<{
  readonly labels: string[];
  readonly rows: string[];
  readonly given: number[];
  readonly values: Float32Array;
}> {
  const index = JSON.parse(await readFile(join(run, 'ambiguity.json'), 'utf8')) as {
    labels: string[];
    rows: string[];
    given: number[];
  };
  return { ...index, values: new Float32Array(Uint8Array.from(await readFile(join(run, 'ambiguity.f32'))).buffer) };
}
