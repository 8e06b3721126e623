import type { CheckpointInfo } from '../../../model/checkpoint/checkpoint-info.js';

type Json = CheckpointInfo['recipe'][string];

/** "FORMAT:DIR"; a single letter before the colon is a drive. */
const DATA_SET = /^([\w-]{2,}):(.+)$/;
/** Folders that a training calls alike in every run. */
const IN_A_RUN = new Set(['best', 'last']);

/**
 * How a model was trained, fit for others to read: of each folder and file only its name is left ("prepared:crops", "frames/best", "audit.csv").
 * @param recipe of a checkpoint's description
 */
export function withoutPlaces(recipe: CheckpointInfo['recipe']): CheckpointInfo['recipe'] {
  return Object.fromEntries(Object.entries(recipe).map(([key, value]) => [key, cleaned(value)]));
}

function cleaned(value: Json): Json {
  if (typeof value === 'string') return nameOf(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return withoutPlaces(value);
}

function nameOf(text: string): string {
  const [, format, folder] = DATA_SET.exec(text) ?? [];
  if (format !== undefined && folder !== undefined) return `${format}:${nameOf(folder)}`;
  const parts = text.split(/[/\\]+/).filter((part) => part !== '');
  return parts.length < 2 ? text : parts.slice(IN_A_RUN.has(parts.at(-1)!) ? -2 : -1).join('/');
}
