import { afterEach } from 'vitest';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { CHROMIUM } from './chromium.js';

const open: Browser[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((browser) => browser.close()));
});

export interface OpenedPage {
  readonly page: Page;
  /** Console errors and warnings, exceptions, violations of the security policy. */
  readonly complaints: string[];
  /** Addresses that the page requested, other than by WebSocket. */
  readonly requests: string[];
}

/** A page in a Chromium of its own, closed when the test ends. */
export async function openPage(
  address: string,
  flags: readonly string[],
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const browser = await chromium.launch({ executablePath: CHROMIUM!, args: [...flags] });
  open.push(browser);
  const page = await (await browser.newContext(options)).newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(address, { timeout: 90_000 });
  return { page, complaints, requests };
}

/** Resolves when the page has one of these states. */
export async function untilState(page: Page, ...keys: readonly string[]): Promise<void> {
  await page.locator(keys.map((key) => `#state[data-key="${key}"]`).join()).waitFor({ timeout: 60_000 });
}
