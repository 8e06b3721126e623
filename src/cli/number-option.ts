import { InvalidArgumentError } from 'commander';

/** A number on the command line; ranges are checked where the option is used. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}
