import { AtomicFile } from '../../files/atomic-file.js';
import { ReportBuilder } from '../report/report-builder.js';
import { reportPage } from '../report/recording-page.js';
import { reportPictures } from '../report/thumbnails.js';
import { mediaLink } from '../results/output-format.js';
import type { OutputFormat } from '../results/output-format.js';

/** The HTML report: who was seen when, with which expressions, and how far to trust them. */
export const HTML_REPORT: OutputFormat = {
  name: 'html',
  ending: '.report.html',
  summary: 'an HTML report: people, timelines, shares of time, unusable stretches; one self-contained page',
  async open(path, metadata, context) {
    const builder = new ReportBuilder(metadata);
    const file = await AtomicFile.open(path);
    return {
      write(result) {
        builder.push(result);
        return Promise.resolve();
      },
      async prepare(outcome) {
        const content = builder.end(outcome);
        const pictures = await reportPictures(content, metadata, context);
        await file.write(reportPage(content, pictures, mediaLink(metadata.input, path, context)));
        await file.prepare();
      },
      commit: () => file.commit(),
      abort: () => file.abort(),
    };
  },
};
