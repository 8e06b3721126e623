import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeFrameMessage, encodeFrameHeader, CLOSE_CODES, PROBLEM_CODES } from './messages.js';
import { clientMessage, serverMessage } from './message-schema.js';

const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)\\n\`\`\``, 'gms'))].map(([, text]) => text!);
}

describe('docs/protocol.md', () => {
  it('has every problem code with its meaning, and no other', () => {
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (.+?) \|$/gm)].map(([, code, meaning]) => [code, meaning]);
    expect(Object.fromEntries(rows)).toEqual(PROBLEM_CODES);
  });

  it('has the close code of every problem that ends a connection', () => {
    const rows = [...page.matchAll(/^\| (\d{4}) \| `([A-Z_]+)` \|/gm)].map(([, code, name]) => [name, Number(code)]);
    expect(Object.fromEntries(rows)).toEqual(CLOSE_CODES);
  });

  it('has an example of every message, and each fits the schema', () => {
    const examples = blocks('json').map((text) => JSON.parse(text) as { type: string });
    for (const example of examples) {
      const { error } = (example.type === 'reset' ? clientMessage : serverMessage).safeParse(example);
      expect([example.type, error?.issues]).toEqual([example.type, undefined]);
    }
    const types = [...serverMessage.options, ...clientMessage.options].map(({ shape }) => shape.type.value);
    expect(new Set(examples.map(({ type }) => type))).toEqual(new Set(types));
  });

  it('has the bytes of a header', () => {
    const header = Buffer.from(blocks('hex')[0]!.replaceAll(/\s/g, ''), 'hex');
    expect(new Uint8Array(header)).toEqual(encodeFrameHeader({ sequence: 7, captureTime: 1500 }));
    expect(decodeFrameMessage(Buffer.concat([header, Buffer.from([0xff])]))).toMatchObject({
      sequence: 7,
      captureTime: 1500,
    });
  });
});
