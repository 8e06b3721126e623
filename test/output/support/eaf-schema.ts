/**
 * What EAFv3.0.xsd and the guidelines of the format demand of the elements that ferstream writes, checked without an XML library: order and number of
 * children, required attributes, unique ids, references that exist, and time slots in the order of time.
 */
export function eafFaults(text: string): string[] {
  const faults: string[] = [];
  const root = parseXml(text, faults);
  if (root === null) return faults;
  const order = ['HEADER', 'TIME_ORDER', 'TIER', 'LINGUISTIC_TYPE'];
  const children = root.children.map(({ name }) => name);
  if (root.name !== 'ANNOTATION_DOCUMENT') faults.push('the root is not ANNOTATION_DOCUMENT');
  require(root, ['AUTHOR', 'DATE', 'VERSION'], faults);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)$/.test(root.attributes['DATE'] ?? ''))
    faults.push('DATE is not xsd:dateTime');
  const places = children.map((name) => order.indexOf(name));
  if (places.includes(-1) || places.some((place, i) => i > 0 && place < places[i - 1]!))
    faults.push(`order of children: ${children.join()}`);
  for (const single of ['HEADER', 'TIME_ORDER'])
    if (children.filter((name) => name === single).length !== 1) faults.push(`not one ${single}`);

  const header = root.children.find(({ name }) => name === 'HEADER');
  for (const media of header?.children.filter(({ name }) => name === 'MEDIA_DESCRIPTOR') ?? [])
    require(media, ['MEDIA_URL', 'MIME_TYPE'], faults);
  const headerOrder =
    header?.children.map(({ name }) => ['MEDIA_DESCRIPTOR', 'LINKED_FILE_DESCRIPTOR', 'PROPERTY'].indexOf(name)) ?? [];
  if (headerOrder.some((place, i) => place < 0 || (i > 0 && place < headerOrder[i - 1]!)))
    faults.push('order of the header');

  const slots = root.children.find(({ name }) => name === 'TIME_ORDER')?.children ?? [];
  const times = new Map<string, number>();
  let before = 0;
  for (const slot of slots) {
    require(slot, ['TIME_SLOT_ID'], faults);
    const time = Number(slot.attributes['TIME_VALUE']);
    if (!Number.isInteger(time) || time < before)
      faults.push(`time slot ${slot.attributes['TIME_SLOT_ID'] ?? ''} at ${time} after ${before}`);
    before = time;
    times.set(slot.attributes['TIME_SLOT_ID']!, time);
  }
  const ids = [...slots.map(({ attributes }) => attributes['TIME_SLOT_ID']!)];
  const types = root.children
    .filter(({ name }) => name === 'LINGUISTIC_TYPE')
    .map(({ attributes }) => attributes['LINGUISTIC_TYPE_ID']);
  const tiers = root.children.filter(({ name }) => name === 'TIER');
  if (new Set(tiers.map(({ attributes }) => attributes['TIER_ID'])).size !== tiers.length)
    faults.push('two tiers have the same TIER_ID');
  for (const tier of tiers) {
    require(tier, ['TIER_ID', 'LINGUISTIC_TYPE_REF'], faults);
    if (!types.includes(tier.attributes['LINGUISTIC_TYPE_REF'])) faults.push('a tier of an undeclared type');
    let end = 0;
    for (const annotation of tier.children) {
      const [aligned, ...more] = annotation.children;
      if (annotation.name !== 'ANNOTATION' || aligned?.name !== 'ALIGNABLE_ANNOTATION' || more.length > 0)
        faults.push('not one ALIGNABLE_ANNOTATION');
      if (aligned?.children.map(({ name }) => name).join() !== 'ANNOTATION_VALUE')
        faults.push('not one ANNOTATION_VALUE');
      ids.push(aligned?.attributes['ANNOTATION_ID'] ?? '');
      const [from, to] = [1, 2].map((k) => times.get(aligned?.attributes[`TIME_SLOT_REF${k}`] ?? ''));
      if (from === undefined || to === undefined) faults.push('a reference to no time slot');
      else if (from >= to || from < end) faults.push(`an annotation from ${from} to ${to} after ${end}`);
      end = to ?? end;
    }
  }
  if (ids.some((id) => !/^[A-Za-z_][\w.-]*$/.test(id)) || new Set(ids).size !== ids.length)
    faults.push('ids are not unique xsd:IDs');
  return faults;
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
}

function require({ name, attributes }: Element, wanted: readonly string[], faults: string[]): void {
  for (const attribute of wanted) if (!(attribute in attributes)) faults.push(`${name} has no ${attribute}`);
}

function parseXml(text: string, faults: string[]): Element | null {
  const open: Element[] = [];
  let root: Element | null = null;
  const rest = text.replace(/^<\?xml[^>]*\?>\s*/, '');
  for (const [, closing, name, attributeText, empty] of rest.matchAll(
    /<(\/?)([\w:]+)((?:\s+[\w:]+="[^"<]*")*)\s*(\/?)>/g,
  )) {
    if (closing === '/') {
      if (open.pop()?.name !== name) faults.push(`</${name!}> closes nothing`);
      continue;
    }
    const attributes = Object.fromEntries(
      [...attributeText!.matchAll(/([\w:]+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]),
    );
    const element: Element = { name: name!, attributes, children: [] };
    open.at(-1)?.children.push(element);
    root ??= element;
    if (empty !== '/') open.push(element);
  }
  if (open.length > 0) faults.push(`${open.at(-1)!.name} is not closed`);
  if (/&(?!amp;|lt;|gt;|quot;|apos;)/.test(text)) faults.push('a bare &');
  return root;
}
