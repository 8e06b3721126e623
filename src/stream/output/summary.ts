import { SummaryBuilder } from '../results/summary-builder.js';
import type { Summary } from '../results/summary-builder.js';
import { textFormat } from '../results/text-format.js';

/** A recording in a few numbers. */
export const SUMMARY = textFormat(
  {
    name: 'summary',
    ending: '.summary.json',
    summary: 'a few numbers: per face, when it was seen and how much of the time each expression dominated (JSON)',
  },
  (metadata) => {
    const builder = new SummaryBuilder(metadata);
    return {
      frame(result) {
        builder.push(result);
        return '';
      },
      end: (outcome) => summaryText(builder.end(outcome)),
    };
  },
);

function summaryText(summary: Summary): string {
  return `${JSON.stringify(summary, null, 2)}\n`;
}
