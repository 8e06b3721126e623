import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { findFfmpeg } from '../../src/ingest/ffmpeg/binaries.js';
import { findPackage } from '../../src/model/engines/packages.js';

const PAGE = new URL('../../docs/performance.md', import.meta.url);

/** A section as it stands on the page. */
export interface Section {
  readonly title: string;
  /** Text and table, in Markdown. */
  readonly body: string;
}

/** Puts sections into the page, in this order; those that are not given stay as they are. */
export async function writeSections(sections: readonly Section[], order: readonly string[]): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [head, ...rest] = page.split(/^(?=## )/m);
  const kept = new Map(rest.map((text) => [/^## (.*)$/m.exec(text)![1]!, text.trim()]));
  for (const { title, body } of sections) kept.set(title, `## ${title}\n\n${body}`);
  const known = order.filter((title) => kept.has(title));
  const others = [...kept.keys()].filter((title) => !order.includes(title));
  const text = [head!.trim(), ...[...known, ...others].map((title) => kept.get(title)!)].join('\n\n');
  await writeFile(PAGE, `${text}\n`);
}

/** Machine and versions, in one line. */
export async function machine(): Promise<string> {
  const onnxruntime = findPackage('onnxruntime-node')?.version;
  return [
    `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}`,
    `load ${loadavg()[0]!.toFixed(1)}`,
    `Node ${process.version}`,
    ...(onnxruntime === undefined ? [] : [`onnxruntime-node ${onnxruntime}`]),
    `ffmpeg ${(await findFfmpeg()).version}`,
  ].join(', ');
}
