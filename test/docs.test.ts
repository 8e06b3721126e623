import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { READERS } from '../src/train/data/formats/registry.js';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const PAGES = [
  ...['README.md', 'CHANGELOG.md', 'models/README.md', 'fixtures/README.md', 'experiments/README.md'],
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** Code of a page: lines of fenced blocks, and inline code. */
function codeOf(page: string): { readonly lines: string[]; readonly inline: string[] } {
  const text = textOf(page);
  const blocks = [...text.matchAll(/^ *```\w*\n([^]*?)^ *```$/gm)].map(([, code]) => code!);
  const prose = text.replaceAll(/^ *```\w*\n[^]*?^ *```$/gm, '');
  return {
    lines: blocks.flatMap((code) => code.split('\n')),
    inline: [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!),
  };
}

/** The anchors that a page offers, as GitHub makes them of its headings. */
function anchorsOf(path: string): string[] {
  const prose = readFileSync(path, 'utf8').replaceAll(/^ *```\w*\n[^]*?^ *```$/gm, '');
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

async function program(): Promise<Command> {
  const fer = new Command('fer').option('--verbose').version('0');
  const folder = join(ROOT, 'src/cli');
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))) {
    if (!readFileSync(join(folder, name), 'utf8').includes('Command(program: Command)')) continue;
    const module = (await import(join(folder, name))) as Record<string, unknown>;
    for (const [key, register] of Object.entries(module))
      if (key.endsWith('Command')) (register as (program: Command) => void)(fer);
  }
  return fer;
}

const fer = await program();
const GLOBAL = ['--verbose', '--version', '-V', '--help', '-h'];

function flagsOf(command: Command): string[] {
  return [
    ...GLOBAL,
    ...command.options.flatMap(({ long, short }) => [long, short]).filter((flag) => flag !== undefined),
  ];
}

const commands = (command: Command): Command[] => [command, ...command.commands.flatMap(commands)];
const KNOWN = new Set(commands(fer).flatMap(flagsOf));

/** The command that words begin with ("dataset prepare ..."), or null where a word is not one of its commands. */
function commandOf(words: readonly string[]): Command | null {
  let command = fer;
  for (const word of words) {
    if (command.commands.length === 0 || word.startsWith('-')) break;
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) return null;
    command = next;
  }
  return command;
}

/** Flags of other programs that the docs mention. */
const FOREIGN = /^(npm|npx (tsx|vitest|wscat|--yes)|node|pip|openssl|tensorboard|ssh|unzip|ffmpeg|mpv)\b/;

describe.each(PAGES)('%s', (page) => {
  const { lines, inline } = codeOf(page);

  it('names only commands and flags that fer has', () => {
    const wrong: string[] = [];
    for (const code of [...lines, ...inline]) {
      for (const [, tail] of code.matchAll(/(?:^|\s)(?:npx )?fer ((?:[a-z-]|<)[^#&|]*)/g)) {
        const words = tail!.trim().split(/\s+/);
        if (/^</.test(words[0]!) || !/^[a-z]+$/.test(words[0]!)) continue;
        const command = commandOf(words);
        if (command === null) wrong.push(code);
        else
          for (const word of words)
            if (/^--?[a-z]/i.test(word) && !flagsOf(command).includes(word.split('=')[0]!))
              wrong.push(`${word}: ${code}`);
      }
    }
    for (const code of inline) {
      if (FOREIGN.test(code) || code.includes('fer ')) continue;
      for (const [flag] of code.matchAll(/(?<![\w-])--[a-z][a-z-]+/g))
        if (!KNOWN.has(flag)) wrong.push(`${flag}: ${code}`);
    }
    expect(wrong).toEqual([]);
  });

  it('links only to files and headings that are there', () => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target]) => target!);
    const broken = links.filter((link) => {
      const [file, anchor] = link.split('#') as [string, string?];
      const path = file === '' ? join(ROOT, page) : join(ROOT, dirname(page), file);
      return !existsSync(path) || (anchor !== undefined && !anchorsOf(path).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it('names only files of the project and npm scripts that are there', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const paths = inline.flatMap((code) =>
      [...code.matchAll(/(?<![\w/.])(?:src|test|bench|experiments|examples|fixtures|models|docs)\/[\w./-]+/g)].map(
        ([path]) => path,
      ),
    );
    const missing = paths.filter((path) => !existsSync(join(ROOT, path)));
    const npm = [...lines, ...inline].flatMap((code) =>
      [...code.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script!),
    );
    expect([...missing, ...npm.filter((script) => !(script in scripts))]).toEqual([]);
  });
});

it('docs/datasets.md lists every format, and no other', () => {
  const [, table] = textOf('docs/datasets.md').split('| format | set |');
  const listed = [...table!.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
  expect(listed.sort()).toEqual(READERS.map(({ name }) => name).sort());
});
