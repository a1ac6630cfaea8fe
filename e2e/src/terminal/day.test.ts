/**
 * A person's day at the full-screen client, in a real terminal with real servers that are killed meanwhile.
 * One test continues the other, and all assertions are about what that person sees.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DualpingSession, Post } from '@dualping/client';
import { eventually } from '../eventually.js';
import { frameProblem } from './frame.js';
import { ME, Stage } from './stage.js';
import type { Terminal } from './terminal.js';

const PAST = 500;
const WIDE = { columns: 200, rows: 60 } as const;

describe('a day at the full-screen client', { timeout: 240_000 }, () => {
  let stage: Stage;
  let terminal: Terminal;
  /** mira's posts that bo, her follower, received. */
  const received: Post[] = [];
  const bo = (): DualpingSession => stage.person('bo');
  const ana = (): DualpingSession => stage.person('ana');

  before(async () => {
    stage = await Stage.open();
    const mira = stage.person(ME);
    for (const name of ['ana', 'bo', 'chen']) await stage.person(name).list();
    await mira.follow('bo');
    await bo().follow(ME);
    bo().posts$.subscribe((post) => {
      if (post.author === ME) received.push(post);
    });
    await Promise.all(numbers(PAST).map((at) => bo().post(`number ${at} of the past`)));
    stage.leaves(ME);
  });
  after(async () => {
    await stage.close();
  });

  /** Each test continues where the last one ended, so after a failed one the others can't run. */
  let failed: string | undefined;
  const chapter = (name: string, act: () => Promise<void>): void => {
    test(name, async (context) => {
      if (failed !== undefined) return context.skip(`"${failed}" failed`);
      failed = name;
      await act();
      failed = undefined;
    });
  };

  chapter('it starts where the newest posts are', async () => {
    terminal = stage.client();
    await terminal.shows('● live');
    await terminal.shows(`number ${PAST} of the past`);
    await terminal.shows(/Following 1/);
    stands(terminal);
    assert.ok(terminal.alternate);
    assert.match(terminal.title, /dualping @mira/);
  });

  chapter('reading back loads older posts, and leaves none out', async () => {
    const seen = new Set<number>(numbersOn(terminal));
    while (!terminal.screen().includes('nothing older')) {
      const screen = terminal.screen();
      terminal.press('page-up');
      await terminal.eventually((now) => now.screen() !== screen, 'it goes on, or gets what is before');
      for (const at of numbersOn(terminal)) seen.add(at);
    }
    assert.deepEqual(
      [...seen].sort((one, other) => one - other),
      numbers(PAST),
    );
    stands(terminal);
  });

  chapter('following somebody; new posts do not move one who reads back', async () => {
    const place = numbersOn(terminal);
    terminal.type(':follow an');
    terminal.press('tab');
    await terminal.shows(':follow ana');
    terminal.press('enter');
    await terminal.shows('you follow ana');
    await terminal.shows(/Following 2/);
    await ana().post('the first that mira gets from me');
    await terminal.shows(/↓ \d+ newer/);
    await terminal.shows(/Home +1/);
    assert.deepEqual(numbersOn(terminal), place);
    terminal.press('u');
    await terminal.shows('the first that mira gets from me');
    await terminal.shows('1 new since');
    terminal.press('G');
    await terminal.hides('1 new since');
  });

  chapter('writing: it is there at once, acknowledged, and read by others', async () => {
    terminal.press('i');
    terminal.type('Held through four 🔌 次は ケーブル');
    await terminal.shows('› Held through four 🔌 次は ケーブル');
    assert.equal(terminal.cursor.y, 22, 'the cursor is where one types');
    terminal.press('enter');
    await terminal.shows(/@mira .*✓/);
    await hears('Held through four 🔌 次は ケーブル');
    await terminal.shows('what is going on?');
    stands(terminal);
  });

  chapter('a paste of many lines is one post, and sends nothing by itself', async () => {
    const lines = ['groceries:', '  - bread', '  - milk, q and :quit', '', 'that is all'];
    terminal.paste(lines.join('\n'));
    await terminal.shows('that is all');
    await terminal.shows('- milk, q and :quit');
    stands(terminal);
    terminal.press('ctrl-j');
    terminal.type('but for cheese');
    await terminal.shows('but for cheese');
    terminal.press('enter');
    await hears([...lines, 'but for cheese'].join('\n'));
    await terminal.shows(/@mira .*✓/);
    await terminal.eventually(
      (seen) => seen.screen().split('that is all').length === 2,
      'it is on the screen once',
    );
    terminal.press('escape');
    await terminal.shows('i to write a post');
  });

  chapter('a search finds what is far back, and Esc leads back', async () => {
    terminal.type('/number 321 ');
    await terminal.shows('/number 321');
    terminal.press('enter');
    await terminal.shows('number 321 of the past');
    await terminal.shows('n older');
    terminal.press('escape');
    await terminal.hides('n older');
    terminal.press('G');
    await terminal.shows('that is all');
  });

  chapter('any size: the frame stands, and what one reads and writes stays', async () => {
    terminal.press('i');
    terminal.type('stays as it is');
    await terminal.shows('› stays as it is');
    for (const [columns, rows] of [
      [40, 10],
      [200, 60],
      [39, 9],
      [120, 36],
      [80, 24],
    ] as const) {
      terminal.resize(columns, rows);
      if (columns < 40) await terminal.shows('needs 40x10');
      else {
        // The last row and the draft are drawn in the new size.
        await terminal.eventually(
          (seen) => seen.row(rows - 2).startsWith(' › stays as it is') && seen.row(rows - 1).includes('Esc'),
          `it is drawn at ${columns}x${rows}`,
        );
        await terminal.eventually((seen) => problem(seen) === undefined, `it stands at ${columns}x${rows}`);
        assert.match(terminal.screen(), /but for cheese/);
      }
    }
    terminal.press('ctrl-u');
    await terminal.shows('what is going on?');
    terminal.press('escape');
  });

  chapter('all the writing of the world leaves the frame as it is', async () => {
    const texts = [
      '👩‍👩‍👧‍👦 👍🏽 🇩🇪 ❤️ 🏴‍☠️ 1️⃣ emoji of several parts',
      '昨日のデプロイは順調でした。グラフ、楽しみにしています 한국어 조합',
      'שלום עולם — مرحبا بالعالم — from right to left',
      `ac${'\u0301'.repeat(30)}cents, Z${'\u0351\u0342'.repeat(20)}algo, q̃ n̈ สวัสดี नमस्ते`,
      'Ｆｕｌｌ ｗｉｄｔｈ ｶﾅ ⌚⚡☕ ㊗ ½ ﷽ …end of it',
    ];
    for (const [at, text] of texts.entries()) {
      await bo().post(`${text} <${at}>`);
      await terminal.shows(`<${at}>`);
      await terminal.eventually((seen) => problem(seen) === undefined, `it stands around ${text}`);
    }
    terminal.press('ctrl-l');
    await terminal.eventually((seen) => problem(seen) === undefined, 'it stands when drawn anew');
  });

  chapter(
    'the primary is killed twice while one types: nothing typed is lost, nothing missed, nothing twice',
    async () => {
      terminal.resize(WIDE.columns, WIDE.rows);
      await terminal.shows('Session');
      terminal.press('i');
      let typed = '';
      const type = async (text: string): Promise<void> => {
        for (const letter of text) {
          typed += letter;
          terminal.type(letter);
          await terminal.shows(`› ${typed}`); // keys work whatever the servers do
        }
      };
      let beats = 0;
      const beat = (count: number): Promise<unknown> =>
        Promise.all(
          numbers(count).map(() => {
            beats += 1;
            return bo().post(`beat ${beats} of the heart`);
          }),
        );
      for (const kill of [1, 2]) {
        await type(`kill ${kill}: `);
        const beating = beat(6);
        const killed = await stage.killPrimary();
        await Promise.all([
          // Shown for three seconds, whatever is typed meanwhile.
          terminal.shows(/resumed on s\d · gap \d+(\.\d+)? m?s · nothing missed/),
          type('I go on as if nothing were'),
        ]);
        await beating;
        await beat(2);
        await terminal.shows(`beat ${beats} of the heart`);
        await stage.cluster.startServer(killed);
        await stage.whenWhole();
        await type('. ');
      }
      terminal.press('enter');
      await terminal.shows(/@mira .*✓/);
      await hears(typed.trimEnd());
      const shown = [...terminal.screen().matchAll(/beat (\d+) of the heart/g)].map(([, at]) => Number(at));
      assert.deepEqual(shown, numbers(beats), terminal.describe());
      assert.equal(terminal.screen().split('I go on as if nothing were').length, 3, 'one post with both');
      // On a busy machine there may be one more takeover.
      assert.match(terminal.screen(), /takeovers +([2-9]|\d\d) survived/);
      terminal.press('escape');
      terminal.resize(80, 24);
      await terminal.eventually((seen) => problem(seen) === undefined && seen.columns === 80, 'it stands');
    },
  );

  chapter('with everything down there is a countdown, and what one sends waits', async () => {
    await stage.cluster.router.kill();
    await Promise.all(stage.cluster.serverIds.map((id) => stage.cluster.server(id).kill()));
    await terminal.shows(/everything is down · (trying )?again (in \d+ s|now)/);
    terminal.press('i');
    await terminal.shows('sent as soon as there is a server');
    terminal.type('written in the dark\n');
    await terminal.shows(/@mira .*◌ sending/);
    await terminal.shows('written in the dark');
    terminal.press('escape');
    await terminal.shows(/r now/);
    assert.match(terminal.screen(), /number|beat/, 'one still reads what there is');

    await stage.cluster.startRouter();
    for (const id of stage.cluster.serverIds) await stage.cluster.startServer(id);
    await stage.whenWhole();
    // Not `r`: if the session had just come back by itself, `r` would begin a reply, and Esc before the next
    // key could be read as Alt.
    terminal.type(':retry\n');
    await terminal.shows(/● (resumed|live)/);
    await terminal.shows('i to write a post');
    await terminal.hides('◌ sending');
    await hears('written in the dark');
    assert.equal(received.filter(({ text }) => text === 'written in the dark').length, 1);
    assert.equal(terminal.screen().split('written in the dark').length, 2);
  });

  chapter('who quits finds the draft again, and unread what came meanwhile', async () => {
    terminal.press('i');
    terminal.type('half a thou');
    await terminal.shows('› half a thou');
    terminal.press('ctrl-c');
    assert.deepEqual(await terminal.exit, { code: 0, signal: 0 });
    await terminal.eventually((seen) => seen.restored, 'the terminal is as it was');
    assert.doesNotMatch(terminal.screen(), /dualping|@mira/, 'nothing is left on the screen');

    for (const at of numbers(3)) await ana().post(`while you were away ${at}`);
    terminal = stage.client();
    await terminal.shows('› half a thou');
    await terminal.shows('while you were away 3');
    await terminal.shows('3 new since');
    await terminal.shows(/Home +3/);
    assert.equal(terminal.bells, 0);
  });

  chapter('a client that is killed has kept the draft, and unread is still unread', async () => {
    terminal.press('i');
    terminal.type('ght, whole now');
    await terminal.shows('› half a thought, whole now');
    await eventually('the draft is on the disk', () =>
      filesUnder(stage.stateFolder).some((text) => text.includes('half a thought, whole now')),
    );
    terminal.signal('SIGKILL');
    await terminal.exit;
    await ana().post('and one more');

    terminal = stage.client();
    await terminal.shows('› half a thought, whole now');
    await terminal.shows('and one more');
    await terminal.shows(/Home +\d/);
    stands(terminal);
  });

  chapter('q gives the terminal back', async () => {
    terminal.press('q');
    assert.deepEqual(await terminal.exit, { code: 0, signal: 0 });
    await terminal.eventually((seen) => seen.restored, 'the terminal is as it was');
    assert.equal(terminal.screen().trim(), '', 'nothing is left on the screen');
  });

  chapter('a draft that no disk takes is left on the terminal', async () => {
    const noFolder = process.execPath;
    terminal = stage.client({ env: { XDG_STATE_HOME: noFolder } });
    await terminal.shows('● live');
    terminal.press('i');
    terminal.type('nowhere to go');
    await terminal.shows('drafts are not saved');
    terminal.press('ctrl-c');
    assert.deepEqual(await terminal.exit, { code: 0, signal: 0 });
    await terminal.shows(/could not be saved:\nnowhere to go/);
    await terminal.eventually((seen) => seen.restored, 'the terminal is as it was');
  });

  const hears = (text: string): Promise<unknown> =>
    eventually(
      `bo gets "${text}"`,
      () => received.some((post) => post.text === text),
      undefined,
      () => terminal.describe(),
    );
});

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

const numbersOn = (terminal: Terminal): number[] =>
  [...terminal.screen().matchAll(/number (\d+) of the past/g)].map(([, at]) => Number(at));

/**
 * With a sidebar its line runs from top to bottom; the rule over the composer always runs from edge to edge.
 */
function problem(terminal: Terminal): string | undefined {
  const broken = terminal.columns >= 60 ? frameProblem(terminal) : undefined;
  if (broken !== undefined) return broken;
  const rule = Array.from({ length: terminal.rows }, (_, y) => y).find((y) =>
    /^──.*──$/.test(terminal.row(y)),
  );
  if (rule === undefined) return 'no rule is over what one writes';
  const last = terminal.cell(terminal.columns - 1, rule).text;
  return last === '─' ? undefined : `the rule ends in "${last}"`;
}

const stands = (terminal: Terminal): void => assert.equal(problem(terminal), undefined, terminal.describe());

/**
 * The finished files: a file that will replace another one (`….json.PID.new-later`) does not count.
 */
const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .flatMap((entry) => {
      try {
        return [readFileSync(join(entry.parentPath, entry.name), 'utf8')];
      } catch {
        return []; // it was replaced meanwhile
      }
    });
