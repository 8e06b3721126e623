import { FerError } from '../../errors/fer-error.js';
import { readIndex } from './read-csv.js';
import { canonicalLabel } from './label-maps.js';

/** Labels of the class words (or numbers) of a data set, in any language. Null: leave the class out. */
export type ClassWords = ReadonlyMap<string, string | null>;

const IGNORED = new Set(['', '-', 'ignore', 'none']);

/**
 * A file that translates class words: lines of "word = label" (or with a colon, comma, semicolon or tab), a JSON object of the same, or a plain list of
 * labels for the classes 0, 1, 2 ... Lines that begin with # are comments.
 * @throws FerError INPUT_NOT_FOUND when it cannot be read, CONFIG_INVALID naming the line
 */
export async function readClassWords(file: string): Promise<ClassWords> {
  return parseClassWords(await readIndex(file), file);
}

export function parseClassWords(text: string, file: string): ClassWords {
  if (/^\s*[[{]/.test(text)) return fromJson(text, file);
  const lines = text
    .split('\n')
    .map((line, i) => ({ line: i + 1, text: line.trim() }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#'));
  const pairs = lines.map(({ line, text: content }) => {
    const [, word, label] = /^"?(.+?)"?\s*(?:=>?|->|[:,;\t])\s*"?(.*?)"?$/.exec(content) ?? [];
    return { line, content, word, label };
  });
  if (pairs.every(({ word }) => word === undefined))
    return words(lines.map(({ text: label }, i) => [String(i), label]));
  const wrong = pairs.find(({ word }) => word === undefined);
  if (wrong !== undefined)
    throw new FerError('CONFIG_INVALID', `${file}, line ${wrong.line}: "${wrong.content}" is not "word = label"`);
  const seen = new Map<string, number>();
  for (const { line, word } of pairs) {
    const before = seen.get(plainWord(word!));
    if (before !== undefined)
      throw new FerError(
        'CONFIG_INVALID',
        `${file}, line ${line}: "${word!}" is already in line ${before}: keep one of them`,
      );
    seen.set(plainWord(word!), line);
  }
  return words(pairs.map(({ word, label }) => [word!, label!]));
}

function fromJson(text: string, file: string): ClassWords {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FerError('CONFIG_INVALID', `${file} is not valid JSON (${(cause as Error).message})`, { cause });
  }
  const entries = Object.entries(json as Record<string, unknown>);
  const wrong = entries.find(([, label]) => typeof label !== 'string' && label !== null);
  if (wrong !== undefined)
    throw new FerError(
      'CONFIG_INVALID',
      `${file}: "${wrong[0]}" is not followed by a label: write { "word": "label" }`,
    );
  return words(entries.map(([word, label]) => [word, (label as string | null) ?? '']));
}

function words(pairs: readonly (readonly [string, string])[]): ClassWords {
  return new Map(
    pairs.map(([word, label]) => [
      plainWord(word),
      IGNORED.has(label.trim().toLowerCase()) ? null : canonicalLabel(label),
    ]),
  );
}

/** Words are compared without case, outer spaces and accent encoding; "007" is "7". */
export function plainWord(word: string): string {
  const plain = word.trim().normalize('NFC').toLowerCase();
  return /^\d+$/.test(plain) ? String(Number(plain)) : plain;
}
