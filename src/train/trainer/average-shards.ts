import type { ShardResult } from './shard.js';

export interface BatchResult {
  /** [P] */
  readonly gradient: Float32Array;
  /** [Q] */
  readonly moving: Float32Array;
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly count: number;
}

/** The batch as a whole: every shard counts with its number of images or clips. */
export function averageShards(results: readonly Omit<ShardResult, 'logits'>[]): BatchResult {
  const count = results.reduce((sum, result) => sum + result.count, 0);
  const gradient = new Float32Array(results[0]!.gradient.length);
  const moving = new Float32Array(results[0]!.moving.length);
  const parts: Record<string, number> = {};
  let loss = 0;
  for (const result of results) {
    const share = result.count / count;
    addScaled(gradient, result.gradient, share);
    addScaled(moving, result.moving, share);
    loss += share * result.loss;
    for (const [name, value] of Object.entries(result.parts)) parts[name] = (parts[name] ?? 0) + share * value;
  }
  return { gradient, moving, loss, parts, count };
}

function addScaled(sum: Float32Array, values: Float32Array, factor: number): void {
  for (let i = 0; i < sum.length; i += 1) sum[i]! += factor * values[i]!;
}
