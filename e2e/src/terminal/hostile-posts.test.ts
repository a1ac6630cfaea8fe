/**
 * Posts that are made to break a terminal, through real servers and the real client: they are refused, or
 * shown without harm.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DualpingError } from '@dualping/client';
import { frameProblem } from './frame.js';
import { ME, Stage } from './stage.js';
import type { Terminal } from './terminal.js';

const LARGE = { columns: 120, rows: 36 } as const;
const SMALL = { columns: 40, rows: 10 } as const;

/** Texts that a terminal would obey: none of them may ever be a post. */
const REFUSED: Readonly<Record<string, string>> = {
  colour: '\x1b[31mred',
  'clear screen': 'a\x1b[2Jb',
  title: '\x1b]0;owned\x07',
  'C1 control': 'a\u009b31mb',
  bell: 'ding\x07',
  'carriage return': 'over\rwritten',
  backspace: 'a\bb',
  'device control': '\x1bP1$r\x1b\\',
  delete: 'a\x7fb',
  null: 'a\0b',
  'line separator': 'a\u2028b',
};

/**
 * Texts that may be posted, and how each must be shown; the test looks for the begin of each on the screen.
 */
const SHOWN: Readonly<Record<string, readonly [text: string, reads: RegExp]>> = {
  'blessed tags': ['{bold}{red-fg}tagged{/} {open}{close} {|} {escape}', /\{bold\}\{red-fg\}tagged\{\/\}/],
  'a tag that ends in nothing': ['{bold,foo}{/bold,foo}{', /\{bold,foo\}/],
  'bidi overrides': [
    '\u202eevil\u202c \u2066isolated\u2069 \u200frtl\u200e plain',
    /evil isolated rtl plain/,
  ],
  'combining marks': [`Z${'\u0351'.repeat(998)}`, /Z/],
  'marks at the begin': [`${'\u0301'.repeat(500)}begin`, /begin/],
  'zero width': [`${'\u200b\u2060\ufeff\u200d'.repeat(240)}narrow`, /narrow/],
  'nothing to see': ['\u200b'.repeat(1_000), /@bo/],
  'a word without end': ['W'.repeat(1_000), /WWWWWWWW/],
  'a wide word without end': ['漢'.repeat(1_000), /漢漢漢漢/],
  'emoji of many parts': ['👩‍👩‍👧‍👦'.repeat(60), /👩👩👩/],
  flags: ['🇩🇪🇫🇷🏴󠁧󠁢󠁥󠁮󠁧󠁿'.repeat(40), /DEFR/],
  'right to left': ['שלום עולם '.repeat(60), /שלום עולם/],
  'lone halves and private use': [`\ue000\uf8ff${'\u{10ffff}'}private`, /private/],
  'lines and blanks': [`top${'\n'.repeat(200)}bottom`, /bottom/],
  'blanks of other widths': ['a\u2003b\u2009c\u3000d\u00a0e', /a b c/],
  'frames of its own': ['│\n│\n└────────┘\n┌─┬─┐', /└────────┘/],
  'new scripts': ['\u{1fae8}\u{1fadf} \u{11f04} 𐑐 ꟻ', /𐑐/],
};

describe('hostile posts', { timeout: 180_000 }, () => {
  let stage: Stage;
  let terminal: Terminal;

  before(async () => {
    stage = await Stage.open();
    const mira = stage.person(ME);
    await stage.person('bo').list();
    await mira.follow('bo');
    stage.leaves(ME);
    terminal = stage.client(LARGE);
    await terminal.shows('● live');
    await terminal.shows(/Following 1/);
  });
  after(async () => {
    await stage.close();
  });

  for (const [what, text] of Object.entries(REFUSED))
    test(`${what}: refused`, async () => {
      await assert.rejects(
        stage.person('bo').post(text),
        (error) => error instanceof DualpingError && error.reason === 'invalid-post',
      );
    });

  for (const [what, [text, reads]] of Object.entries(SHOWN))
    test(`${what}: shown without harm, in a large window and in a small one`, async () => {
      await stage.person('bo').post([...text].slice(0, 1_000).join(''));
      await stage.person('bo').post(`after ${what}.`);
      for (const size of [LARGE, SMALL]) {
        terminal.resize(size.columns, size.rows);
        await terminal.shows(`after ${what}.`);
        await stands(terminal);
        terminal.press('k');
        terminal.press('k');
        await terminal.eventually(
          (seen) => reads.test(seen.screen()),
          `it reads ${reads} at ${size.columns}x${size.rows}`,
        );
        await stands(terminal);
        terminal.press('G');
      }
      terminal.resize(LARGE.columns, LARGE.rows);
      await terminal.shows(/Following 1/);
      await stands(terminal);
    });

  test('after all of it the screen is the same as one drawn afresh', async () => {
    await terminal.eventually((seen) => seen.received > 0, 'it is there');
    const over = terminal.screen();
    const before = terminal.received;
    terminal.press('ctrl-l');
    await terminal.eventually((seen) => seen.received > before + 1_000, 'it is drawn anew');
    await terminal.eventually((seen) => untimed(seen.screen()) === untimed(over), 'it is the same');
  });

  test('no post has sent a control sequence to the terminal', async () => {
    assert.equal(terminal.bells, 0);
    assert.match(terminal.title, /^dualping @mira$/);
    assert.doesNotMatch(terminal.transcript, /[\u0080-\u009f\u202a-\u202e\u2066-\u2069\u200b\ufeff]/);
    assert.doesNotMatch(terminal.transcript, /\p{M}{5}/u, 'no more than a few marks on one character');
    terminal.press('q');
    assert.deepEqual(await terminal.exit, { code: 0, signal: 0 });
  });
});

/** The frame is whole: the columns at 120x36, and the rule and the rows around it at any size. */
const stands = (terminal: Terminal): Promise<void> =>
  terminal.eventually((seen) => {
    const { columns, rows } = seen;
    if (columns >= 60)
      return frameProblem(seen, { first: 1, last: rows - 4 }, [18, columns - 35]) === undefined;
    const rule = seen.row(rows - 3);
    return (
      rule.length === columns && rule.startsWith('──') && rule.endsWith('──') && seen.row(0).includes('@mira')
    );
  }, 'the frame stands');

/** The screen without ages and the time of day, which change. */
const untimed = (screen: string): string => screen.replaceAll(/\b(now|\d+[smh]|\d\d:\d\d)\b/g, '');
