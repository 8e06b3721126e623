import { availableParallelism } from 'node:os';
import { readFile, writeFile } from 'node:fs/promises';

const FILE = new URL('live.md', import.meta.url);

/** Puts a table under its title into live.md, in place of the one before; the other sections stay. @param command what made it */
export async function writeSection(title: string, command: string, about: string, table: string): Promise<void> {
  const page = await readFile(FILE, 'utf8').catch(() => '# Live\n');
  const made = `Made by \`${command}\` on ${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${availableParallelism()} cores shared by server and clients.`;
  const section = `## ${title}\n\n${made}\n${about}\n\n${table}\n`;
  const [head, ...sections] = page.split(/^(?=## )/m);
  const place = sections.findIndex((one) => one.startsWith(`## ${title}\n`));
  if (place >= 0) sections[place] = section;
  else sections.push(section);
  await writeFile(FILE, [head!, ...sections].map((part) => part.trimEnd()).join('\n\n') + '\n');
}
