import type { LabelSet } from '../../../model/label-set.js';
import type { Dataset, DatasetProblem, Sample, Split } from '../sample.js';
import { SPLITS } from '../sample.js';

/** What a reader knows of a sample; the rest is null. */
export type SampleFields = Pick<Sample, 'id' | 'path' | 'split'> & Partial<Sample>;

/** Where in the data set something was said. */
export interface Place {
  readonly file: string;
  readonly line: number | null;
}

/** Gathers what a reader finds; samples of splits nobody asked for are let go. */
export class Collector {
  private readonly samples: Sample[] = [];
  private readonly problems: DatasetProblem[] = [];
  private readonly leftOut: Record<string, number> = {};

  constructor(private readonly wants: (split: Split) => boolean = () => true) {}

  image(fields: SampleFields): void {
    this.add({ ...EMPTY, ...fields, kind: 'image' });
  }

  /** A video, or with `frames` a folder of pictures. */
  clip(fields: SampleFields): void {
    this.add({ ...EMPTY, ...fields, kind: 'clip' });
  }

  private add(sample: Sample): void {
    if (this.wants(sample.split)) this.samples.push(sample);
  }

  missing({ file, line }: Place, message: string): void {
    this.problems.push({ kind: 'missing-file', file, line, message });
  }

  unreadable({ file, line }: Place, message: string): void {
    this.problems.push({ kind: 'unreadable-row', file, line, message });
  }

  /** A row that the data set's own rules leave out. */
  skip(reason: string): void {
    this.leftOut[reason] = (this.leftOut[reason] ?? 0) + 1;
  }

  dataset(name: string, labels: LabelSet): Dataset {
    const splits = SPLITS.filter((split) => this.samples.some((sample) => sample.split === split));
    return { name, labels, splits, samples: this.samples, problems: this.problems, leftOut: this.leftOut };
  }
}

const EMPTY = {
  frames: null,
  label: null,
  frameLabels: null,
  softLabel: null,
  subject: null,
  startSeconds: null,
  endSeconds: null,
} as const;
