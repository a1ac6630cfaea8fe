import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Kept } from '../state/initial.js';
import { ClientFile } from './client-file.js';
import { foldersFor } from './folders.js';

const NOTHING: Kept = { drafts: new Map(), unsent: [], readUpTo: new Map(), sentTexts: [] };
let home = '';
let problems: string[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dualping-files-'));
  problems = [];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const path = (): string => join(home, '.local/state/dualping/clients/mira.json');
const file = (network = 'one', isAlive = (pid: number): boolean => pid === process.pid): ClientFile =>
  new ClientFile({
    folders: foldersFor({ HOME: home }),
    user: 'mira',
    network,
    onProblem: (text) => problems.push(text),
    isAlive,
  });

test('folders are where XDG says, relative ones are ignored', () => {
  assert.deepEqual(foldersFor({ HOME: '/h', XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: 'rel' }), {
    config: '/c/dualping',
    state: '/h/.local/state/dualping',
  });
});

test('what was saved is there again', () => {
  const kept: Kept = {
    drafts: new Map([
      ['home', 'half\na thought'],
      ['@ana', '@ana hi'],
    ]),
    unsent: [],
    readUpTo: new Map([['home', 8_812]]),
    sentTexts: ['one', 'two'],
  };
  const first = file();
  assert.deepEqual(first.load(), NOTHING);
  first.save(kept);
  assert.deepEqual(file().load(), kept);
  assert.deepEqual(
    file('two').load(),
    { ...kept, readUpTo: new Map() },
    'read in one network, not in another',
  );
  assert.equal(statSync(path()).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(path(), '..')), ['mira.json']);
  assert.deepEqual(problems, []);
});

test('a draft that was sent is gone', () => {
  const one = file();
  one.load();
  one.save({ ...NOTHING, drafts: new Map([['home', 'x']]) });
  one.save(NOTHING);
  assert.deepEqual(file().load(), NOTHING);
});

test('two clients at once leave one another their drafts', () => {
  const [one, other] = [file(), file()];
  one.load();
  other.load();
  one.save({ ...NOTHING, drafts: new Map([['home', 'of one']]), sentTexts: ['a'] });
  other.save({ ...NOTHING, drafts: new Map([['mentions', 'of other']]), sentTexts: ['b'] });
  one.save({ ...NOTHING, drafts: new Map([['home', 'of one!']]), sentTexts: ['a'] });
  const { drafts, sentTexts } = file().load();
  assert.deepEqual(
    [...drafts],
    [
      ['home', 'of one!'],
      ['mentions', 'of other'],
    ],
  );
  assert.deepEqual(sentTexts, ['a', 'b']);
});

test('what a run left unsent is taken over by the next, and by one only', () => {
  const one = file();
  one.load();
  one.save({ ...NOTHING, unsent: ['lost?'] });
  assert.deepEqual(file().load().unsent, [], 'its process lives');
  const raw = JSON.parse(readFileSync(path(), 'utf8'));
  raw.unsent[0].pid = 999_999;
  writeFileSync(path(), JSON.stringify(raw));
  const next = file();
  const kept = next.load();
  assert.deepEqual(kept.unsent, ['lost?']);
  assert.deepEqual(file().load().unsent, []);
  next.save({ ...kept, unsent: [] });
  assert.deepEqual(JSON.parse(readFileSync(path(), 'utf8')).unsent, []);
});

test('a damaged file is put aside, and said', () => {
  for (const damage of ['{"version":1,', '[]', '{"version":1,"drafts":7}', '']) {
    mkdirSync(join(path(), '..'), { recursive: true });
    writeFileSync(path(), damage);
    problems = [];
    assert.deepEqual(file().load(), NOTHING);
    assert.equal(readFileSync(`${path()}.damaged`, 'utf8'), damage);
    assert.ok(!existsSync(path()));
    assert.match(problems.join(), /is damaged .* put aside as .*mira\.json\.damaged/);
  }
});

test('a file of a later version is left alone', () => {
  mkdirSync(join(path(), '..'), { recursive: true });
  writeFileSync(path(), '{"version":2}');
  const one = file();
  assert.deepEqual(one.load(), NOTHING);
  one.save({ ...NOTHING, drafts: new Map([['home', 'x']]) });
  assert.equal(readFileSync(path(), 'utf8'), '{"version":2}');
  assert.match(problems.join(), /later version/);
});

test('a folder that can not be written is said, and nothing else happens', () => {
  writeFileSync(join(home, '.local'), 'a file where a folder should be');
  const one = file();
  one.load();
  one.save({ ...NOTHING, drafts: new Map([['home', 'x']]) });
  assert.ok(problems.length > 0);
});

test('settings are kept; what is not understood is left out', () => {
  const settings = { theme: 'light', mouse: false, times: 'absolute', bell: true } as const;
  file().saveSettings(settings);
  assert.deepEqual(file().loadSettings(), settings);
  writeFileSync(join(home, '.config/dualping/client.json'), '{"theme":"pink","mouse":true,"x":1}');
  assert.deepEqual(file().loadSettings(), { mouse: true });
});
