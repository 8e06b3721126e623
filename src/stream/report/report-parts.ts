import { Html, html, percent } from '../../page/html.js';

const KNOWN = ['neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust', 'fear', 'contempt'];

/** CSS colour of an expression; see page-frame.ts. */
export function colourVar(label: string): Html {
  return new Html(`var(--e-${KNOWN.includes(label) ? label : 'other'})`);
}

/** "1:02:03.4"; hours only where there are some. */
export function clock(seconds: number): string {
  const tenths = Math.round(Math.max(0, seconds) * 10);
  const [hours, minutes] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60];
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/** A time that the player goes to. */
export function timeButton(seconds: number): Html {
  return html`<button type="button" class="time" data-time="${seconds.toFixed(3)}">${clock(seconds)}</button>`;
}

/** Shares as one bar, the largest first, with a text for screen readers. */
export function shareBar(shares: Readonly<Record<string, number>>): Html {
  const parts = Object.entries(shares)
    .filter(([, share]) => share > 0)
    .sort((a, b) => b[1] - a[1]);
  const text = parts.map(([label, share]) => `${label} ${percent(share)}`).join(', ');
  return html`<div class="shares" role="img" aria-label="${text === '' ? 'no usable time' : text}">
    ${parts.map(([label, share]) => html`<i style="flex-grow:${(share * 1000).toFixed(1)};background:${colourVar(label)}" title="${label} ${percent(share)}"></i>`)}
  </div>`;
}

/** The picture of a face, or a drawn head. @param side pixels */
export function portrait(picture: string | null, title: string, side = 88): Html {
  if (picture !== null)
    return html`<img class="portrait" src="${picture}" width="${side}" height="${side}" alt="Picture of ${title}" />`;
  return html`<svg
    class="portrait"
    viewBox="0 0 88 88"
    width="${side}"
    height="${side}"
    role="img"
    aria-label="No picture of ${title}"
  >
    <rect width="88" height="88" fill="var(--track)" />
    <circle cx="44" cy="35" r="16" fill="var(--edge)" />
    <path d="M12 88c2-24 16-32 32-32s30 8 32 32z" fill="var(--edge)" />
  </svg>`;
}
