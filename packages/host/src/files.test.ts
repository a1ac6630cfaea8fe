import assert from 'node:assert/strict';
import {
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { nodeFiles } from './files.js';

const folder = mkdtempSync(join(tmpdir(), 'dualping-files-'));
after(() => rmSync(folder, { recursive: true }));

/** The flags with which this process has opened a file. */
function flagsOf(path: string): number {
  const descriptor = readdirSync('/proc/self/fd').find((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // the one that read the folder
    }
  });
  const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'));
  return Number.parseInt(flags?.[1] ?? '', 8);
}

test('changes of a synced file arrive where they belong', async () => {
  const path = join(folder, 'changed');
  writeFileSync(path, 'abcdef');
  const file = nodeFiles.openSynced(path);
  await file.write(Buffer.from('CD'), 2);
  await file.truncate(5);
  await file.write(Buffer.from('FG'), 5);
  file.close();
  assert.equal(readFileSync(path, 'latin1'), 'abCDeFG');
  assert.throws(() => nodeFiles.openSynced(join(folder, 'missing')), /ENOENT/);
});

test('on Linux each write of a synced file waits for the disk by itself', {
  skip: process.platform !== 'linux',
}, () => {
  const path = join(folder, 'flags');
  writeFileSync(path, '');
  const plain = nodeFiles.open(path);
  assert.equal(flagsOf(path) & constants.O_DSYNC, 0);
  plain.close();
  const synced = nodeFiles.openSynced(path);
  assert.equal(flagsOf(path) & constants.O_DSYNC, constants.O_DSYNC);
  synced.close();
});
