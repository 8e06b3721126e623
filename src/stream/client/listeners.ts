/** Typed events; `on` returns a function that removes the listener. */
export class Listeners<Events extends object> {
  private readonly sets = new Map<keyof Events, Set<(value: never) => void>>();

  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const set = this.sets.get(name) ?? new Set();
    this.sets.set(name, set.add(listener));
    return () => set.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    // A copy: a listener may remove itself while it is called.
    for (const listener of [...(this.sets.get(name) ?? [])]) (listener as (value: Events[Name]) => void)(value);
  }
}
