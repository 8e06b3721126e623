import { extname } from 'node:path';
import { printable } from '../../errors/fer-error.js';
import { escapeText } from '../../page/html.js';
import type { Segment } from '../results/expression-segments.js';
import { mediaLink } from '../results/output-format.js';
import { cueMilliseconds, percent } from './subtitle-format.js';
import { byFace, faceName, segmentsText } from '../results/segment-reader.js';

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
export const ELAN = segmentsText(
  {
    name: 'elan',
    ending: '.eaf',
    summary: 'ELAN annotations: one tier per face, linked to the video',
  },
  (segments, { metadata: { input }, path, context }) => eafText(segments, mediaText(mediaLink(input, path, context))),
);

/** @param media descriptor of the footage; empty for none */
function eafText(segments: readonly Segment[], media: string): string {
  const tiers = byFace(segments);
  // TIME_ORDER requires slots in the order of time, across all tiers.
  const bounds = tiers.flatMap(([, own], tier) =>
    own.flatMap((segment, place) => {
      const { start, end } = cueMilliseconds(segment);
      return [
        { key: `${tier} ${place} start`, time: start },
        { key: `${tier} ${place} end`, time: end },
      ];
    }),
  );
  bounds.sort((a, b) => a.time - b.time);
  const slots = new Map(bounds.map(({ key }, i) => [key, `ts${i + 1}`]));
  const times = bounds.map(({ time }, i) => `        <TIME_SLOT TIME_SLOT_ID="ts${i + 1}" TIME_VALUE="${time}"/>\n`);
  const names = tierNames(tiers.map(([, own]) => own[0]!));
  let count = 0;
  const tierTexts = tiers.map(([, own], tier) => {
    const annotations = own.map((segment, place) => {
      const slot = (edge: string): string => slots.get(`${tier} ${place} ${edge}`)!;
      count += 1;
      return (
        '        <ANNOTATION>\n' +
        `            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a${count}" TIME_SLOT_REF1="${slot('start')}" TIME_SLOT_REF2="${slot('end')}">\n` +
        `                <ANNOTATION_VALUE>${xmlText(valueOf(segment))}</ANNOTATION_VALUE>\n` +
        '            </ALIGNABLE_ANNOTATION>\n' +
        '        </ANNOTATION>\n'
      );
    });
    return `    <TIER LINGUISTIC_TYPE_REF="expression" TIER_ID="${xmlText(names[tier]!)}">\n${annotations.join('')}    </TIER>\n`;
  });
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<ANNOTATION_DOCUMENT AUTHOR="ferstream" DATE="${DATE}" FORMAT="3.0" VERSION="3.0" ` +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">\n' +
    '    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">\n' +
    media +
    `        <PROPERTY NAME="lastUsedAnnotationId">${count}</PROPERTY>\n` +
    '    </HEADER>\n' +
    `    <TIME_ORDER>\n${times.join('')}    </TIME_ORDER>\n` +
    tierTexts.join('') +
    '    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="expression" TIME_ALIGNABLE="true"/>\n' +
    '</ANNOTATION_DOCUMENT>\n'
  );
}

/** Tier names must differ, but two ids may have the same name. */
function tierNames(faces: readonly Segment[]): string[] {
  const names = faces.map(faceName);
  return names.map((name, i) =>
    names.filter((other) => other === name).length > 1 ? `${name} (face ${faces[i]!.trackId})` : name,
  );
}

/** @param place from `mediaLink` */
function mediaText(place: string | null): string {
  if (place === null) return '';
  const mime = MIME_TYPES[extname(new URL(place, 'file:///').pathname).toLowerCase()] ?? 'video/*';
  const link = URL.canParse(place) ? '' : ` RELATIVE_MEDIA_URL="${xmlText(place)}"`;
  return `        <MEDIA_DESCRIPTOR MEDIA_URL="${xmlText(place)}" MIME_TYPE="${mime}"${link}/>\n`;
}

function valueOf({ label, probability, trust, problem }: Segment): string {
  if (problem !== undefined) return `unreadable (${problem})`;
  return `${label} ${percent(probability)}${trust === 'sure' ? '' : ` (${trust})`}`;
}

function xmlText(text: string): string {
  return escapeText(printable(text)).replaceAll('"', '&quot;');
}
