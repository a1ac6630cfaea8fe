/** A demo with its page, and waits for the page's content. */
import type { Page } from 'playwright-core';
import { DualpingProcess } from '../dualping-process.js';
import { eventually } from '../eventually.js';

/** Time for four processes to start and for takeovers, on a shared machine, ms. */
const DEADLINE_MS = 60_000;

export class DemoOnTheWeb {
  private constructor(
    readonly process: DualpingProcess,
    /** The link for everybody. */
    readonly link: string,
    /** The link with the key. */
    readonly ownLink: string,
  ) {}

  static async start(folder: string, args: readonly string[] = []): Promise<DemoOnTheWeb> {
    const process = new DualpingProcess(['demo', '--web', ...args], { TMPDIR: folder });
    try {
      const [link, ownLink] = await Promise.all(
        [/the class watches at (\S+)$/, /you have the buttons at (\S+)$/].map(
          async (pattern) => pattern.exec(await process.line(pattern))?.[1] ?? '',
        ),
      );
      return new DemoOnTheWeb(process, link ?? '', ownLink ?? '');
    } catch (error) {
      await process.kill();
      throw error;
    }
  }

  /** Waits until an element of the page has this text. */
  async shows(page: Page, place: string, pattern: RegExp): Promise<void> {
    const text = async (): Promise<string> => (await page.locator(place).textContent()) ?? '';
    let last = '';
    await eventually(
      `${place} reads ${pattern}`,
      async () => {
        last = await text();
        return pattern.test(last);
      },
      DEADLINE_MS,
      () => `it reads ${last}`,
    );
  }

  async whenWhole(page: Page): Promise<void> {
    await this.shows(page, '#top', /(\d+) of \1 healthy/);
  }

  /**
   * Presses keys that take the primary away, each when all servers are well, so that the page has something
   * to show.
   */
  async lesson(page: Page, keys: readonly ('X' | 'z' | 'n' | 'r')[]): Promise<void> {
    for (const key of keys) {
      const before = await page.locator('#takeovers .wide .bar').count();
      await this.whenWhole(page);
      const primary = await page.locator('.card.primary').getAttribute('data-item');
      const press = page.locator(
        `button[data-press="${key}"]${key === 'X' ? '' : `[data-victim="${primary}"]`}`,
      );
      await press.click();
      await eventually(
        `a takeover after ${key}`,
        async () => (await page.locator('#takeovers .wide .bar').count()) > before,
        DEADLINE_MS,
      );
      if (key === 'z' || key === 'n') await press.click();
    }
  }
}
