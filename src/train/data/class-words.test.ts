import { expect, it } from 'vitest';
import { parseClassWords } from './class-words.js';

it.each([
  ['glad happiness\narg = anger', 'w.txt, line 1: "glad happiness" is not "word = label"'],
  ['arg = anger\n\nArg = fear', 'w.txt, line 3: "Arg" is already in line 1'],
  ['{ "glad": 3 }', 'w.txt: "glad" is not followed by a label'],
  ['{ "glad": ', 'w.txt is not valid JSON'],
])('refuses %j by its reason', (text, message) => {
  expect(() => parseClassWords(text, 'w.txt')).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) as string }),
  );
});

it('reads arrows, quotes and words with spaces', () => {
  expect([...parseClassWords('"very glad" -> "Happy"\n05 => sad\nmad: angry', 'w.txt')]).toEqual([
    ['very glad', 'happiness'],
    ['5', 'sadness'],
    ['mad', 'anger'],
  ]);
});
