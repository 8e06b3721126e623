import { afterAll, onTestFinished } from 'vitest';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { CHROMIUM } from './chromium.js';

export interface OpenedPage {
  readonly page: Page;
  /** Console errors and warnings, exceptions, violations of the security policy. */
  readonly complaints: string[];
  /** Addresses that the page requested, other than by WebSocket. */
  readonly requests: string[];
}

/** Opens a page in a Chromium with these flags, in a context of its own that is closed when the test ends. */
export type OpenPage = (
  address: string,
  flags: readonly string[],
  options?: BrowserContextOptions,
) => Promise<OpenedPage>;

/** For a test file: one Chromium for each set of flags, closed when all its tests have run. */
export function openPages(): OpenPage {
  const browsers = new Map<string, Promise<Browser>>();
  afterAll(async () => {
    await Promise.all([...browsers.values()].map(async (browser) => (await browser).close()));
  });
  return async (address, flags, options = {}) => {
    const key = flags.join(' ');
    let browser = browsers.get(key);
    if (browser === undefined) {
      browser = chromium.launch({ executablePath: CHROMIUM!, args: ['--disable-gpu', ...flags], timeout: 120_000 });
      browsers.set(key, browser);
    }
    const context = await (await browser).newContext(options);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(90_000);
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(address);
    return { page, complaints, requests };
  };
}

/** Resolves when the page has one of these states. */
export async function untilState(page: Page, ...keys: readonly string[]): Promise<void> {
  await page.locator(keys.map((key) => `#state[data-key="${key}"]`).join()).waitFor();
}
