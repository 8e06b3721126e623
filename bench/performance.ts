/**
 * How fast annotating is, by step, number of faces, resolution, workers and length, beside references in the same run. Contenders take turns;
 * medians, and ratios round by round.
 *
 *   npm run bench [-- --only faces,resolution --rounds 5 --frames 100 --minutes 9 --write]
 *
 * --write puts each section into docs/performance.md in place of the old one. --minutes ends the rounds early where the machine is slow.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBackend } from '../src/model/engines/open-backend.js';
import { AXES } from './performance/axes.js';
import { machine, writeSections } from './performance/page.js';
import type { Section } from './performance/page.js';

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    frames: { type: 'string', default: '60' },
    minutes: { type: 'string', default: '9' },
    write: { type: 'boolean', default: false },
  },
});

const names = flags.only?.split(',') ?? Object.keys(AXES).filter((name) => AXES[name]!.isSlow !== true);
const unknown = names.find((name) => AXES[name] === undefined);
if (unknown !== undefined) throw new Error(`--only: ${unknown} is not one of ${Object.keys(AXES).join(', ')}`);

const ends = performance.now() + Number(flags.minutes) * 60_000;
const scratch = await mkdtemp(join(tmpdir(), 'ferstream-bench-'));
try {
  // Opened first, so that `auto` is not what decides.
  await openBackend({ backend: 'wasm' });
  const about = await machine();
  const sections: Section[] = [];
  for (const [i, name] of names.entries()) {
    const axis = AXES[name]!;
    const began = performance.now();
    const table = await axis.measure({
      scratch,
      rounds: Number(flags.rounds),
      frames: Number(flags.frames),
      // The time that is left, shared among the sections that are.
      deadline: began + (0.7 * (ends - began)) / (names.length - i),
    });
    const command = `npm run bench -- --only ${name} --rounds ${flags.rounds} --frames ${flags.frames} --write`;
    const made = `\`${command}\` on ${new Date().toISOString().slice(0, 10)}: ${about}.`;
    const section = { title: axis.title, body: `${axis.text}\n\n${table}\n\n${made}` };
    sections.push(section);
    console.log(`\n## ${axis.title} (${((performance.now() - began) / 1000).toFixed(0)} s)\n\n${section.body}`);
    if (flags.write)
      await writeSections(
        [section],
        Object.values(AXES).map(({ title }) => title),
      );
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
// Worker threads of the annotators would keep it alive.
process.exit();
