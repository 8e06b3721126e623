/** Runs the action of a key pressed without modifiers, unless the focus is in a text field, a list or a dialog. */
export function listenForShortcuts(actions: Readonly<Record<string, () => void>>, enabled: () => boolean): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || !enabled()) return;
    if (document.querySelector('dialog[open]') !== null) return;
    if (event.target instanceof HTMLSelectElement || event.target instanceof HTMLTextAreaElement) return;
    if (event.target instanceof HTMLInputElement && !['checkbox', 'range'].includes(event.target.type)) return;
    const action = actions[event.key.toLowerCase()];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}

/** A setting that the browser keeps for this page; null if there is none or storage is forbidden. */
export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`ferstream.${name}`);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`ferstream.${name}`, value);
  } catch {
    // Storage may be forbidden; then the setting is not kept.
  }
}

/** The element with that id; the page is known to have it. */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} #${id}`);
  return found;
}

/** Changes the text only when it differs: screen readers announce every change. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** Offers a file for download under that name. */
export function download(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // Revoked later: Safari starts downloads after the click has returned.
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, 60_000);
}

/** "ferstream-2026-11-29-08-15-00", for names of downloads. */
export function fileStem(date = new Date()): string {
  return `ferstream-${date.toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')}`;
}
