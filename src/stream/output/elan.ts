import { extname } from 'node:path';
import { printable } from '../../errors/printable.js';
import type { Segment } from '../results/expression-segments.js';
import { mediaLink } from '../results/media-link.js';
import type { RunMetadata } from '../results/run-metadata.js';
import { cueMilliseconds, percent } from './subtitle-format.js';
import { SegmentReader, byFace, faceName } from '../results/segment-reader.js';
import { textFormat } from '../results/text-format.js';

/** EAF requires a date; a fixed one keeps the same results the same to the byte. */
const DATE = '2000-01-01T00:00:00+00:00';
const MIME_TYPES: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.m4v': 'video/mp4',
  '.mov': 'video/quicktime',
  '.mpg': 'video/mpeg',
  '.mpeg': 'video/mpeg',
};

/** ELAN annotations (https://www.mpi.nl/tools/elan/EAFv3.0.xsd): one tier per face, the video linked by its relative path. */
export const ELAN = textFormat(
  {
    name: 'elan',
    ending: '.eaf',
    summary: 'ELAN annotations: one tier per face, linked to the video',
  },
  (metadata, path) => {
    const reader = new SegmentReader(metadata);
    const all: Segment[] = [];
    return {
      frame(result) {
        all.push(...reader.push(result));
        return '';
      },
      end() {
        all.push(...reader.end());
        return eafText(all, metadata, path);
      },
    };
  },
);

function eafText(segments: readonly Segment[], metadata: RunMetadata, path: string): string {
  const slots: number[] = [];
  const tiers = byFace(segments).map(([, own]) => {
    const annotations = own.map((segment) => {
      const { start, end } = cueMilliseconds(segment);
      slots.push(start, end);
      const last = slots.length;
      return (
        '        <ANNOTATION>\n' +
        `            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a${last / 2}" TIME_SLOT_REF1="ts${last - 1}" TIME_SLOT_REF2="ts${last}">\n` +
        `                <ANNOTATION_VALUE>${xmlText(valueOf(segment))}</ANNOTATION_VALUE>\n` +
        '            </ALIGNABLE_ANNOTATION>\n' +
        '        </ANNOTATION>\n'
      );
    });
    return `    <TIER LINGUISTIC_TYPE_REF="expression" TIER_ID="${xmlText(faceName(own[0]!))}">\n${annotations.join('')}    </TIER>\n`;
  });
  const times = slots.map((time, i) => `        <TIME_SLOT TIME_SLOT_ID="ts${i + 1}" TIME_VALUE="${time}"/>\n`);
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<ANNOTATION_DOCUMENT AUTHOR="ferstream" DATE="${DATE}" FORMAT="3.0" VERSION="3.0" ` +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">\n' +
    '    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">\n' +
    mediaText(metadata, path) +
    `        <PROPERTY NAME="lastUsedAnnotationId">${slots.length / 2}</PROPERTY>\n` +
    '    </HEADER>\n' +
    `    <TIME_ORDER>\n${times.join('')}    </TIME_ORDER>\n` +
    tiers.join('') +
    '    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="expression" TIME_ALIGNABLE="true"/>\n' +
    '</ANNOTATION_DOCUMENT>\n'
  );
}

function mediaText({ input }: RunMetadata, path: string): string {
  const place = mediaLink(input, path);
  if (place === null) return '';
  const mime = MIME_TYPES[extname(new URL(place, 'file:///').pathname).toLowerCase()] ?? 'video/*';
  const link = input.kind === 'url' ? '' : ` RELATIVE_MEDIA_URL="${xmlText(place)}"`;
  return `        <MEDIA_DESCRIPTOR MEDIA_URL="${xmlText(place)}" MIME_TYPE="${mime}"${link}/>\n`;
}

function valueOf({ label, probability, trust, problem }: Segment): string {
  if (problem !== undefined) return `unreadable (${problem})`;
  return `${label} ${percent(probability)}${trust === 'sure' ? '' : ` (${trust})`}`;
}

function xmlText(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
