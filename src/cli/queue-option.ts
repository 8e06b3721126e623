import { Option } from 'commander';

export function queueOption(): Option {
  return new Option('--queue <address>', 'Redis or Valkey with the jobs: redis://host:6379')
    .env('FERSTREAM_QUEUE')
    .makeOptionMandatory();
}

export function warn(line: string): void {
  process.stderr.write(`warning: ${line}\n`);
}
