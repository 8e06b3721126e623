import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { convertAnnotation } from '../../src/stream/annotate/convert.js';

/**
 * The picture of a report in the docs, from the results of `fer demo`:
 *
 *   npx fer demo && npx tsx docs/images/make-report.ts fer-demo
 */
const folder = process.argv[2] ?? 'fer-demo';
await convertAnnotation(join(folder, 'demo.jsonl'), { formats: ['html'] });
const browser = await chromium.launch({ executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium' });
const context = await browser.newContext({ viewport: { width: 1180, height: 1180 }, colorScheme: 'light' });
const page = await context.newPage();
await page.goto(pathToFileURL(resolve(folder, 'demo.report.html')).href);
const lane = page.locator('.lane canvas').first();
await lane.click({ position: { x: 350, y: 60 } });
await page.waitForTimeout(1500);
await page.evaluate('scrollTo(0, 0)');
const picture = await page.screenshot();
await sharp(picture).png({ palette: true, effort: 10 }).toFile(new URL('report.png', import.meta.url).pathname);
await browser.close();
