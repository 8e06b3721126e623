import { z } from 'zod';
import { FerError } from '../../errors/fer-error.js';
import { openTfjsBackend } from '../../model/engines/open-backend.js';
import { layOut, parseGrid } from '../../train/workflows/experiment/grid.js';
import { writeResults } from '../../train/workflows/experiment/results-table.js';
import { runCells } from '../../train/workflows/experiment/run-grid.js';
import type { Task } from './task.js';

const settings = z.object({ grid: z.unknown(), output: z.string() });

/** `fer experiment`: a part is a run; runs that share a start are one part, which trains the start first. */
export const experimentTask: Task<z.infer<typeof settings>, string[]> = {
  settings,
  part: z.array(z.string()),

  split({ grid }) {
    const groups = layOut(parseGrid(grid)).flatMap(({ start, cells }) =>
      start === null ? cells.map((cell) => [cell]) : [cells],
    );
    return Promise.resolve(
      groups.map((cells) => {
        const value = cells.map(({ folder }) => folder);
        return { name: value.join(', '), value };
      }),
    );
  },

  async run({ grid, output }, cells, { backend, signal }) {
    await openTfjsBackend(backend);
    if (await runCells(parseGrid(grid), output, cells, signal)) return;
    throw new FerError('INTERRUPTED', `${cells.join(', ')}: stopped`);
  },

  async merge({ grid, output }) {
    const { paths } = await writeResults(parseGrid(grid), output);
    return { outputs: paths, note: null };
  },
};
