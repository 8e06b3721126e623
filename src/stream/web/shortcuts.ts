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
