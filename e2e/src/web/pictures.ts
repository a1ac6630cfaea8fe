/** Pictures of the demo's page for docs/: real servers, in the middle of a lesson. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOOKS, openBrowser, openPage } from './browser.js';
import { DemoOnTheWeb } from './demo-on-the-web.js';

const PICTURES = [
  { name: 'web', look: LOOKS[0], own: true },
  { name: 'web-dark', look: LOOKS[1], own: false },
  { name: 'web-narrow', look: LOOKS[3], own: false },
] as const;

export const WEB_PICTURES: readonly string[] = PICTURES.map(({ name }) => name);

/** @param onPicture called with each picture as a PNG */
export async function takeWebPictures(
  names: readonly string[],
  onPicture: (name: string, png: Buffer) => void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-web-pictures-'));
  const demo = await DemoOnTheWeb.start(folder);
  const browser = await openBrowser().catch(async (error) => {
    await demo.process.stop();
    throw error;
  });
  try {
    const { page: teacher } = await openPage(browser, demo.ownLink);
    await demo.lesson(teacher, ['X', 'z', 'X', 'r', 'n', 'X']);
    await demo.whenWhole(teacher);
    await teacher.locator('.card.primary button[data-press="z"]').click();
    await demo.shows(teacher, '#last', /frozen/);
    for (const { name, look, own } of PICTURES.filter((each) => names.includes(each.name))) {
      const { page } = await openPage(browser, own ? demo.ownLink : demo.link, look);
      await demo.shows(page, '#members', /frozen/);
      if (own) await page.locator('button[data-press="X"]').waitFor();
      onPicture(name, await page.screenshot());
    }
  } finally {
    await browser.close();
    await demo.process.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
