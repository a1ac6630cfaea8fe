/** `dualping demo --web`: what a class sees, and what only the teacher can do. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { afterwards, folderFor } from '../afterwards.js';
import { DualpingProcess } from '../dualping-process.js';
import { eventually } from '../eventually.js';
import { LOOKS, noBrowser, openBrowser, openPage, tooFaint, tooWide } from './browser.js';
import { DemoOnTheWeb } from './demo-on-the-web.js';

const USAGE = 2;
const ON_SIGTERM = 143;
const FEW = ['--people', '6'];

async function start(
  context: TestContext,
  folder: string,
  args: readonly string[] = FEW,
): Promise<DemoOnTheWeb> {
  const demo = await DemoOnTheWeb.start(folder, args);
  afterwards(context, () => demo.process.stop());
  return demo;
}

test('with the printed link one kills and freezes, by button and by key; other viewers see it, and have no buttons', {
  skip: noBrowser,
}, async (context) => {
  const folder = folderFor(context);
  const demo = await start(context, folder);
  const browser = await openBrowser();
  afterwards(context, () => browser.close());
  const { page: teacher, complaints } = await openPage(browser, demo.ownLink);
  const { page: pupil, complaints: pupils } = await openPage(browser, demo.link, LOOKS[3]);

  await demo.whenWhole(teacher);
  await demo.whenWhole(pupil);
  assert.equal(teacher.url(), demo.link, 'whoever looks at the address does not see the key');
  await teacher.locator('button[data-press="X"]').waitFor();
  assert.equal(await pupil.locator('button[data-press]:visible').count(), 0);
  await demo.shows(pupil, 'footer', /You are watching/);

  await teacher.locator('button[data-press="X"]').click();
  await demo.shows(pupil, '#last', /s\d ✗ killed → s\d in .*6 of 6 people/);
  await demo.shows(pupil, '#events', /s\d killed/);
  await demo.whenWhole(teacher);

  // All viewers share the selection, so that the class sees what is meant.
  await teacher.keyboard.press('g');
  await teacher.keyboard.press('j');
  await eventually(
    's2 is selected',
    async () => (await pupil.locator('.selected h3').textContent()) === 's2',
  );
  await teacher.keyboard.press('z');
  await demo.shows(pupil, '.selected .state', /frozen/);
  await demo.shows(teacher, '.selected .acts', /thaw/);
  await teacher.keyboard.press('z');
  await demo.whenWhole(pupil);

  // The element with the focus keeps it, however much is drawn meanwhile.
  const restart = teacher.locator('[data-item="c1/s3"] button[data-press="r"]');
  await restart.focus();
  const posted = await teacher.locator('#counts').textContent();
  await eventually('it goes on', async () => (await teacher.locator('#counts').textContent()) !== posted);
  assert.ok(await restart.evaluate((button) => button === button.ownerDocument.activeElement));
  await teacher.keyboard.press('Enter');
  await demo.shows(pupil, '#events', /s3 restarted/);
  await demo.whenWhole(teacher);

  await teacher.keyboard.press('?');
  await teacher.locator('dialog').waitFor();
  await teacher.keyboard.press('X');
  await teacher.keyboard.press('Escape');
  await teacher.reload();
  await teacher.locator('button[data-press="X"]').waitFor();

  demo.process.signal('SIGINT');
  await demo.shows(pupil, '#end', /The demo has ended\. .* 0 lost, 0 repeated, 0 out of order\.$/);
  assert.equal(await demo.process.exited, 0, demo.process.tail());
  assert.match(demo.process.tail(), /0 lost, 0 repeated, 0 out of order/);
  assert.deepEqual([...complaints, ...pupils], []);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('dualping-demo')),
    [],
    'the temporary folder is gone',
  );
});

test('with a wrong key the page has no buttons and says why; without a key the server refuses', {
  skip: noBrowser,
}, async (context) => {
  const demo = await start(context, folderFor(context));
  const browser = await openBrowser();
  afterwards(context, () => browser.close());
  const { page } = await openPage(browser, `${demo.link}#wrong`);
  await page.locator('#refusal', { hasText: 'only the link that the demo has printed' }).waitFor();
  assert.equal(await page.locator('button[data-press]:visible').count(), 0);
  await page.keyboard.press('X');
  const press = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"press":"X"}' };
  assert.equal((await fetch(`${demo.link}act`, press)).status, 403);
  // A page of another site, in the browser of the person who has the key.
  const key = demo.ownLink.split('#')[1];
  const { page: elsewhere } = await openPage(browser, 'data:text/html,elsewhere');
  const status = await elsewhere.evaluate(
    async ([link, bearer]) => {
      const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
      return await fetch(`${link}act`, { method: 'POST', headers, body: '{"press":"X"}' }).then(
        ({ status }) => status,
        () => 'refused',
      );
    },
    [demo.link, key] as const,
  );
  assert.equal(status, 'refused');
  await demo.shows(page, '#takeovers', /^Takeovers(?!.*p50)/);
});

test("in each theme and width it fits and can be read, and it doesn't move for viewers who prefer that", {
  skip: noBrowser,
}, async (context) => {
  const demo = await start(context, folderFor(context));
  const browser = await openBrowser();
  afterwards(context, () => browser.close());
  const { page: teacher } = await openPage(browser, demo.ownLink);
  await demo.lesson(teacher, ['X', 'X']);
  await demo.whenWhole(teacher);
  await teacher.locator('[data-item="c1/s3"] button[data-press="z"]').click();
  for (const look of LOOKS)
    for (const link of [demo.link, demo.ownLink]) {
      const { page, complaints } = await openPage(browser, link, look, { reducedMotion: 'reduce' });
      await demo.shows(page, '[data-item="c1/s3"] .state', /frozen/);
      if (link === demo.ownLink) await page.locator('button[data-press="X"]').waitFor();
      assert.deepEqual(await tooWide(page), [], look.name);
      assert.deepEqual(await tooFaint(page), [], look.name);
      const moves = await page.evaluate(
        "getComputedStyle(document.querySelector('.card')).transitionDuration",
      );
      assert.equal(moves, '0s');
      assert.deepEqual(complaints, []);
      await page.context().close();
    }
});

test('the report fits the screen of a phone, without sideways scrolling', {
  skip: noBrowser,
}, async (context) => {
  const folder = folderFor(context);
  const html = join(folder, 'report.html');
  const process = new DualpingProcess(['demo', '--script', '--takeovers', '2', '--html', html, ...FEW], {
    TMPDIR: folder,
  });
  assert.equal(await process.exited, 0, process.tail());
  const browser = await openBrowser();
  afterwards(context, () => browser.close());
  for (const look of LOOKS) {
    const { page } = await openPage(browser, pathToFileURL(html).href, look);
    assert.deepEqual(await tooWide(page), [], look.name);
    assert.ok(
      await page
        .locator(look.width < 500 ? '.narrow' : '.wide')
        .first()
        .isVisible(),
    );
  }
  assert.match(readFileSync(html, 'utf8'), /<td data-name="p95">—<\/td>/);
});

test('SIGTERM ends it at once, and all of it', async (context) => {
  const folder = folderFor(context);
  const demo = await start(context, folder);
  assert.equal((await fetch(demo.link)).status, 200);
  demo.process.signal('SIGTERM');
  assert.equal(await demo.process.exited, ON_SIGTERM, demo.process.tail());
  await assert.rejects(fetch(demo.link));
  assert.deepEqual(readdirSync(folder), []);
});

test('invalid values are quoted', async (context) => {
  const folder = folderFor(context);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  afterwards(context, () => taken.close());
  const bound = taken.address();
  const port = typeof bound === 'object' && bound !== null ? String(bound.port) : '';
  const cases: readonly (readonly [args: readonly string[], said: RegExp])[] = [
    [['--script'], /--script.*--web.*give one/],
    [['--web-port', 'x'], /--web-port is "x"/],
    [['--web-port', port, ...FEW], new RegExp(`cannot listen at "127\\.0\\.0\\.1:${port}"`)],
  ];
  for (const [args, said] of cases) {
    const process = new DualpingProcess(['demo', '--web', ...args], { TMPDIR: folder });
    afterwards(context, () => process.stop());
    assert.equal(await process.exited, USAGE, process.tail());
    await process.line(said);
  }
});
