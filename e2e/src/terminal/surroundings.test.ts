/** Different kinds of terminals, how they go away, and what people see then. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { LAUNCHER } from '../dualping-process.js';
import { ME, Stage, withTalk } from './stage.js';

describe('surroundings', () => {
  let stage: Stage;
  before(async () => {
    stage = await Stage.open();
    await withTalk(stage);
  });
  after(async () => {
    await stage.close();
  });

  for (const [name, args, shown] of [
    ['client', ['--user', ME], '● live'],
    ['top', [], 'SERVER'],
    ['timeline', ['--user', ME, '--follow'], 'グラフ'],
    ['client', ['--user', ME, '--line'], 'type help'],
  ] as const)
    test(`${name} ${args.at(-1) ?? ''}: a closed window ends it as SIGHUP does`, async () => {
      for (let round = 1; round <= 3; round += 1) {
        const terminal = stage.run(process.execPath, [
          LAUNCHER,
          name,
          ...args,
          '--routers',
          stage.cluster.routerAddress,
        ]);
        await terminal.shows(shown);
        terminal.hangUp();
        const { code, signal } = await terminal.exit;
        // Its status is 128 plus the number of the signal, or the signal itself has ended it.
        assert.ok(code === 129 || signal === 1, JSON.stringify({ code, signal }));
      }
    });

  test('mouse reports that arrive at the end, or at a suspend, are not typed into the shell', async () => {
    const terminal = stage.run('bash', ['--norc', '--noprofile', '-im'], { env: { PS1: 'ready> ' } });
    await terminal.shows('ready>');
    for (const key of ['q', '\x1a']) {
      terminal.type(`clear; ${stage.commandLine}\n`);
      await terminal.shows('● live');
      const moves = Array.from({ length: 40 }, (_, x) => `\x1b[<32;${x + 1};5M`).join('');
      terminal.report(`${key}${moves}`);
      await terminal.eventually(
        (seen) => seen.restored && seen.row(seen.cursor.y) === 'ready>',
        'the shell is there again, with nothing typed',
      );
      terminal.type('echo "still" "here"\n');
      await terminal.shows(/still here/);
      assert.doesNotMatch(terminal.screen(), /\d;5M|\[<32/);
    }
    terminal.type('kill %1; exit\n');
  });

  test('on a white terminal the colours are those for white, at once and when it changes', async () => {
    const terminal = stage.client({ backgroundColour: 'rgb:ffff/ffff/ffff' });
    await terminal.shows('● live');
    const author = (): number | undefined => {
      const y = Array.from({ length: terminal.rows }, (_, at) => at).find((at) =>
        terminal.row(at).includes('  @ana'),
      );
      return y === undefined ? undefined : terminal.cell(terminal.row(y).indexOf('@ana'), y).foreground;
    };
    await terminal.eventually(() => author() === 24, 'the author is dark blue');
    terminal.report('\x1b[?997;1n');
    await terminal.eventually(() => author() === 117, 'it has become dark, and the author is light blue');
    terminal.type(':theme dark\n');
    terminal.report('\x1b[?997;2n');
    await terminal.shows('to write a post');
    assert.equal(author(), 117, 'what was chosen stays');
    terminal.press('q');
    assert.deepEqual(await terminal.exit, { code: 0, signal: 0 });
    await terminal.eventually((seen) => seen.restored, 'the terminal is as it was');
    // What was chosen is kept; the keys beside it stay.
    rmSync(join(stage.stateFolder, '..', 'config', 'dualping', 'settings.json'), { force: true });
  });

  test('in a locale without UTF-8 all that is written is ASCII', async () => {
    for (const command of ['client', 'top']) {
      const args = [
        LAUNCHER,
        command,
        '--routers',
        stage.cluster.routerAddress,
        ...(command === 'client' ? ['--user', ME] : []),
      ];
      const terminal = stage.run(process.execPath, args, { env: { LC_ALL: 'C' } });
      await terminal.shows(command === 'client' ? /\* live/ : /\* up/);
      await terminal.shows(command === 'client' ? /Following 4/ : /PRIMARY/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what is ASCII is what it is about
      assert.match(terminal.screen(), /^[\x00-\x7f]*$/);
      terminal.press('q');
      await terminal.exit;
    }
  });
});
