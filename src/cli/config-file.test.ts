import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { scratchDir } from '../../test/support/scratch.js';
import { applyConfigFile } from './config-file.js';
import { number, refuseOptions, repeated } from './options.js';

async function parsed(config: unknown, args: string[] = []): Promise<Record<string, unknown>> {
  const path = join(await scratchDir(), 'config.json');
  await writeFile(path, typeof config === 'string' ? config : JSON.stringify(config));
  const command = new Command()
    .option('--fps <rate>', '', number)
    .option('--min-quality <share>', '', number)
    .option('--ignore <area>', '', repeated, [])
    .option('--force')
    .option('--config <file>')
    .action(async (_: unknown, self: Command) => applyConfigFile(self, self.opts<{ config: string }>().config));
  await command.parseAsync(['--config', path, ...args], { from: 'user' });
  const { config: __, ...rest } = command.opts<Record<string, unknown>>();
  return rest;
}

it('takes options by either name; the command line overrides the file', async () => {
  const config = { fps: 5, 'min-quality': 0.5, ignore: ['0,0,10,10', '5,5,10,10'], force: true };
  expect(await parsed(config)).toEqual({ fps: 5, minQuality: 0.5, ignore: config.ignore, force: true });
  expect(await parsed({ fps: 5, minQuality: 0.5 }, ['--fps', '10'])).toMatchObject({ fps: 10, minQuality: 0.5 });
});

it('is read in the encodings of Windows', async () => {
  const path = join(await scratchDir(), 'config.json');
  for (const encoding of ['utf8', 'utf16le'] as const) {
    await writeFile(path, '\uFEFF{ "fps": 5 }\r\n', encoding);
    const command = new Command().option('--fps <rate>', '', number);
    await applyConfigFile(command, path);
    expect(command.opts()).toEqual({ fps: 5 });
  }
});

it.each([
  [{ 'min-qualty': 1 }, 'did you mean "min-quality"'],
  [{ fps: 'many' }, 'fps: It must be a number'],
  [{ fps: [1, 2] }, 'fps: give one value'],
  [{ force: 'yes' }, 'force: give true or false'],
  [{ ignore: [{}] }, 'ignore: give a text or a number'],
  ['{', 'is not JSON'],
  [[1], 'does not hold an object'],
])('refuses %j and says what is wrong', async (config, message) => {
  await expect(parsed(config)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(message) as unknown,
  });
});

it.each([
  [{ wait: true }, '--wait needs --queue'],
  [{ priority: 3 }, '--priority needs --queue'],
  [{ wait: false }, null],
  [{}, null],
])('options without effect are refused as on the command line: %j', async (config, message) => {
  const path = join(await scratchDir(), 'config.json');
  await writeFile(path, JSON.stringify(config));
  const command = new Command()
    .option('--wait')
    .option('--priority <n>', '', number, 10)
    .option('--config <file>')
    .action(async (_: unknown, self: Command) => {
      await applyConfigFile(self, path);
      refuseOptions(self, ['wait', 'priority'], 'needs --queue');
    });
  const work = command.parseAsync([], { from: 'user' });
  if (message === null) await work;
  else await expect(work).rejects.toMatchObject({ code: 'USAGE', message });
});
