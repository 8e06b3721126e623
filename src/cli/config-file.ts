import type { Command, Option } from 'commander';
import { FerError, closest } from '../errors/fer-error.js';
import { readText } from '../files/text-file.js';

/**
 * Options from a JSON file, named as on the command line ("min-quality" or "minQuality") and checked as there. The command line overrides it.
 * @throws FerError CONFIG_INVALID naming the option
 */
export async function applyConfigFile(command: Command, path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const known = new Map(command.options.map((option) => [option.attributeName(), option]));
  known.delete('config');
  for (const [key, value] of Object.entries(await readObject(path))) {
    const name = camelCase(key);
    const option = known.get(name);
    if (option === undefined) {
      const near = closest(
        name,
        [...known.values()].map((one) => one.attributeName()),
      );
      const flag = known.get(near)?.long?.slice(2);
      throw invalid(path, `unknown option "${key}"; did you mean "${flag ?? near}"?`);
    }
    if (command.getOptionValueSource(name) === 'cli') continue;
    command.setOptionValueWithSource(name, valueOf(option, key, value, path), 'config');
  }
}

async function readObject(path: string): Promise<Record<string, unknown>> {
  const text = await readText(path).catch(() => {
    throw invalid(path, 'cannot be read');
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(path, 'is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(path, 'does not hold an object of options, such as {"fps": 5}');
  return value as Record<string, unknown>;
}

/** Parsed as the text of the command line is. */
function valueOf(option: Option, key: string, value: unknown, path: string): unknown {
  if (option.isBoolean()) {
    if (typeof value === 'boolean') return value;
    throw invalid(path, `${key}: give true or false`);
  }
  const texts = (Array.isArray(value) ? (value as unknown[]) : [value]).map((one) => {
    if (typeof one === 'string' || typeof one === 'number') return String(one);
    throw invalid(path, `${key}: give a text or a number`);
  });
  const isRepeatable = Array.isArray(option.defaultValue);
  if (!isRepeatable && texts.length !== 1) throw invalid(path, `${key}: give one value`);
  try {
    const parse = option.parseArg as ((text: string, before: unknown) => unknown) | undefined;
    return texts.reduce<unknown>((before, text) => parse?.(text, before) ?? text, option.defaultValue);
  } catch (error) {
    throw invalid(path, `${key}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function camelCase(key: string): string {
  return key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function invalid(path: string, what: string): FerError {
  return new FerError('CONFIG_INVALID', `--config ${path}: ${what}`);
}
