import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Html, html } from './html.js';

describe('html', () => {
  it('escapes text, in attributes too, and keeps markup', () => {
    expect(
      html`<p title="${'"><script>'}">${"a & b's"}${null}${3}${new Html('<br>')}${[html`<i>${'<'}</i>`, 'x']}</p>`.text,
    ).toBe('<p title="&quot;&gt;&lt;script&gt;">a &amp; b&#39;s3<br><i>&lt;</i>x</p>');
  });

  it('never turns text into markup', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", '\u0000', '\u001B', 'a', ';', '#', 'é', '😀') }),
        (text) => {
          // eslint-disable-next-line no-control-regex -- what must be gone
          return !/[<>"'\u0000-\u0008\u000B\u000C\u000E-\u001F]|&(?!amp;|lt;|gt;|quot;|#39;)/.test(html`${text}`.text);
        },
      ),
    );
  });
});
