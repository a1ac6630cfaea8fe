/** A headless Chromium, from Debian's package; and checks of a page's layout and contrast. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** Why tests with a browser can't run here; false if they can. */
export const noBrowser = existsSync(CHROMIUM) ? false : `${CHROMIUM} is not there: apt-get install chromium`;

/** Opens a browser with a temporary profile. */
export const openBrowser = async (): Promise<Browser> =>
  await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });

export const LOOKS = [
  { name: 'wide-light', width: 1_280, height: 800, colorScheme: 'light' },
  { name: 'wide-dark', width: 1_280, height: 800, colorScheme: 'dark' },
  { name: 'narrow-light', width: 390, height: 844, colorScheme: 'light' },
  { name: 'narrow-dark', width: 390, height: 844, colorScheme: 'dark' },
] as const;
export type Look = (typeof LOOKS)[number];

/** Opens a page, and collects its errors. */
export async function openPage(
  browser: Browser,
  url: string,
  { width, height, colorScheme }: Omit<Look, 'name'> = LOOKS[0],
  more: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, ...more });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  await page.goto(url);
  return { page, complaints };
}

/** Parts of a page that are wider than it, or must be scrolled sideways. */
export const tooWide = async (page: Page): Promise<readonly string[]> => await page.evaluate(SIDEWAYS);

/** Texts with less contrast than WCAG requires: 4.5, and 3 for large text. */
export const tooFaint = async (page: Page): Promise<readonly string[]> => await page.evaluate(FAINT);

// This runs in the browser; it is a text, because the tests are not compiled for a browser.

const SIDEWAYS = `(() => {
  const name = (e) => e.tagName.toLowerCase() + (e.id && '#' + e.id) + (e.className?.baseVal ?? e.className ? '.' + (e.className.baseVal ?? e.className) : '');
  const width = document.documentElement.clientWidth;
  return [...document.querySelectorAll('body, body *')].filter((e) => {
    const { left, right, width: own } = e.getBoundingClientRect();
    if (own === 0 || e.closest('svg') !== null && e.tagName !== 'svg') return false;
    const scrolls = e.scrollWidth > e.clientWidth + 1 && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX);
    return right > width + 1 || left < -1 || scrolls;
  }).map(name);
})()`;

const FAINT = `(() => {
  const numbers = (text) => {
    const all = (text.match(/[\\d.]+/g) ?? []).map(Number);
    const scale = text.startsWith('color(') ? 255 : 1;
    return [all[0] * scale, all[1] * scale, all[2] * scale, all[3] ?? 1];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (e) => {
    for (let at = e; at !== null; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255, 1];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.nodeValue.trim();
    const e = walker.currentNode.parentElement;
    if (text === '' || e.closest('script, title') !== null || !e.checkVisibility({ opacityProperty: true })) continue;
    const style = getComputedStyle(e);
    const size = Number.parseFloat(style.fontSize);
    if (size === 0) continue;
    const ink = numbers(e.closest('svg') === null ? style.color : style.fill);
    const [one, other] = [light(ink), light(ground(e))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const large = size >= 24 || (size >= 18.7 && Number(style.fontWeight) >= 700);
    if (contrast < (large ? 3 : 4.5)) found.push(text.slice(0, 40) + ': ' + contrast.toFixed(2));
  }
  return found;
})()`;
