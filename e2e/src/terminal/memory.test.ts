/** What the client remembers belongs to a network, whatever its address. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DualpingProcess, LAUNCHER } from '../dualping-process.js';
import { Terminal } from './terminal.js';

test('drafts follow the network: under every name of its address, with `start` too, and to no other network there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-memory-'));
  const env = {
    HOME: folder,
    XDG_STATE_HOME: join(folder, 'state'),
    XDG_CONFIG_HOME: join(folder, 'config'),
  };
  const up = (data: string, port: string): DualpingProcess =>
    new DualpingProcess(['up', '--servers', '1', '--data', join(folder, data), '--port', port], env);
  const terminals: Terminal[] = [];
  const open = (...args: string[]): Terminal => {
    const terminal = Terminal.start({
      command: process.execPath,
      args: [LAUNCHER, ...args, '--user', 'mira'],
      env,
    });
    terminals.push(terminal);
    return terminal;
  };
  const quit = async (terminal: Terminal): Promise<void> => {
    terminal.press('ctrl-c');
    assert.equal((await terminal.exit).code, 0);
  };
  let network = up('first', '0');
  try {
    const address = await network.ready();
    const port = address.slice(address.lastIndexOf(':') + 1);
    const writing = open('client', '--routers', `127.0.0.1:${port}`);
    await writing.shows('● live');
    writing.press('i');
    writing.type('half a thought');
    await writing.shows('› half a thought');
    await quit(writing);

    const byName = open('client', '--routers', `localhost:${port}`);
    await byName.shows('› half a thought');
    await quit(byName);
    network.signal('SIGTERM');
    await network.exited;

    network = up('second', port);
    await network.ready();
    const elsewhere = open('client', '--routers', `127.0.0.1:${port}`);
    await elsewhere.shows('● live');
    await elsewhere.shows('to write a post');
    assert.doesNotMatch(elsewhere.screen(), /half a thought/);
    await quit(elsewhere);
    network.signal('SIGTERM');
    await network.exited;

    const started = open('start', '--servers', '1', '--data', join(folder, 'first'), '--port', port);
    await started.shows('● live');
    await started.shows('› half a thought');
    await quit(started);
  } finally {
    for (const terminal of terminals) await terminal.close();
    if (!network.ended) network.signal('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});
