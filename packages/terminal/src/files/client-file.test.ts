import assert from 'node:assert/strict';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Position } from '@dualping/client';
import { foldersFor } from '@dualping/host';
import type { Kept } from '../state/initial.js';
import type { TimelineId } from '../state/state.js';
import { ClientFile } from './client-file.js';
import { KnownNetworks } from './known-networks.js';
import { nothingKept } from './record.js';

let home = '';
let problems: string[] = [];
let now = 0;
const running = new Set<number>();

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dualping-files-'));
  problems = [];
  running.clear();
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A client as a process of its own, which runs until it is removed from `running`. */
function client(pid: number, network = 'one', formerly: readonly string[] = []): ClientFile {
  running.add(pid);
  return new ClientFile({
    folders: foldersFor({ HOME: home }),
    user: 'mira',
    network,
    formerly,
    onProblem: (text) => problems.push(text),
    wallMs: () => (now += 1),
    surroundings: { pid, host: 'here', bootedAtMs: 0, isRunning: (other) => running.has(other) },
  });
}
const keeping = (kept: Partial<Kept>): Kept => ({ ...nothingKept, ...kept });
const draft = (text: string, timeline: TimelineId = 'home'): Kept =>
  keeping({ drafts: new Map([[timeline, text]]) });
const clients = (): string => join(home, '.local/state/dualping/clients');
const files = (): readonly string[] =>
  readdirSync(clients()).flatMap((folder) =>
    readdirSync(join(clients(), folder)).map((name) => join(clients(), folder, name)),
  );

test('saved state is there for the next client, and only the owner can read it', () => {
  const kept = keeping({
    drafts: new Map([
      ['home', 'half\na thought'],
      ['@ana', 'hi'],
    ]),
    answering: new Map([['home', { home: 2, position: 7 as Position, author: 'bo', begin: 'well' }]]),
    unsent: [{ text: 'lost?' }, { text: 'no', answers: { position: 8_000 as Position, author: 'bo' } }],
    readUpTo: new Map([['home', 8_812]]),
    sentTexts: ['one', 'two'],
  });
  const first = client(1);
  assert.deepEqual(first.load(), nothingKept);
  first.save(kept);
  running.delete(1);
  assert.deepEqual(client(2).load(), kept);
  assert.deepEqual(client(3, 'two').load(), nothingKept, 'another network');
  assert.equal(files().length, 1);
  for (const file of files()) assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(problems, []);
});

test('files of the version before, in which nothing answered a post, are read', () => {
  const record = { version: 1, user: 'mira', network: 'one', savedAtMs: 1 };
  const texts = { drafts: { home: 'half' }, unsent: ['lost?'], readUpTo: {}, sentTexts: [] };
  client(1).save(draft('x'));
  running.clear();
  const [path = ''] = files();
  writeFileSync(path, JSON.stringify({ ...record, ...texts }));
  assert.deepEqual(
    client(2).load(),
    keeping({ drafts: new Map([['home', 'half']]), unsent: [{ text: 'lost?' }] }),
  );
  assert.deepEqual(problems, []);
});

test('two clients with drafts for the same timeline keep both, in either order of their ends', () => {
  const [one, other] = [client(1), client(2)];
  one.load();
  assert.deepEqual(other.load(), nothingKept);
  one.save(draft('of one'));
  other.save(draft('of other'));
  other.save(nothingKept);
  one.save(draft('of one'));
  running.clear();
  assert.deepEqual([...client(3).load().drafts], [['home', 'of one']]);
});

test('of two drafts that are left for a timeline, the older is the first that Up brings', () => {
  const [one, other] = [client(1), client(2)];
  one.save(keeping({ drafts: new Map([['home', 'older']]), sentTexts: ['sent'] }));
  other.save(draft('newer'));
  running.clear();
  const next = client(3).load();
  assert.deepEqual([...next.drafts], [['home', 'newer']]);
  assert.deepEqual(next.sentTexts, ['sent', 'older']);
});

test("another client's open drafts are its own; its read positions and sent posts are known", () => {
  client(1).save(
    keeping({
      drafts: new Map([['home', 'x']]),
      unsent: [{ text: 'y' }],
      readUpTo: new Map([['home', 7]]),
      sentTexts: ['z'],
    }),
  );
  assert.deepEqual(client(2).load(), keeping({ readUpTo: new Map([['home', 7]]), sentTexts: ['z'] }));
});

test('temporary files of a killed client are removed once it has ended, and no others', () => {
  client(1).save(draft('whole'));
  const [file = ''] = files();
  writeFileSync(`${file}.1.new-later`, 'half');
  writeFileSync(`${file}.1.new`, 'half');
  writeFileSync(join(file, '../notes.1.new'), 'somebody else put it here');
  client(2).load();
  assert.equal(files().length, 4, 'it may still be at work');
  running.clear();
  assert.deepEqual([...client(3).load().drafts], [['home', 'whole']]);
  assert.deepEqual(
    files().filter((path) => !path.endsWith('.json')),
    [join(file, '../notes.1.new')],
  );
});

test('a client that is mistaken for ended loses nothing', () => {
  const one = client(1);
  one.save(draft('first'));
  running.clear();
  client(2).load();
  one.save(draft('second'));
  running.clear();
  assert.deepEqual([...client(3).load().drafts], [['home', 'second']]);
});

test('damaged files are moved aside and reported, files of later versions and of others are left alone', () => {
  client(1).save(draft('x'));
  const [path = ''] = files();
  for (const damage of ['{"version":1', '[]', '{"version":1,"drafts":7}', '']) {
    rmSync(`${path}.damaged`, { force: true });
    running.clear();
    writeFileSync(path, damage);
    problems = [];
    assert.deepEqual(client(2).load(), nothingKept);
    assert.match(problems.join(), /cannot be used .* moved to .*\.damaged/);
    assert.ok(files().some((file) => file.endsWith('.damaged') && readFileSync(file, 'utf8') === damage));
    for (const file of files()) if (file.endsWith('.damaged')) rmSync(file);
  }
  writeFileSync(path, '{"version":3}');
  problems = [];
  assert.deepEqual(client(3).load(), nothingKept);
  assert.match(problems.join(), /later version/);
  assert.ok(files().some((file) => readFileSync(file, 'utf8') === '{"version":3}'));
});

test('in the background only the last state is written, and no older one after a synchronous save', async () => {
  const one = client(1);
  for (let count = 0; count < 50; count += 1) one.saveSoon(draft(`d${count}`));
  await one.flush();
  assert.match(readFileSync(files()[0] ?? '', 'utf8'), /"d49"/);
  one.saveSoon(draft('older'));
  one.save(draft('newest'));
  await one.flush();
  assert.match(readFileSync(files()[0] ?? '', 'utf8'), /"newest"/);
  assert.equal(files().length, 1, 'nothing is left beside it');
});

test('a failing disk is reported once', async () => {
  writeFileSync(join(home, '.local'), 'a file where a folder should be');
  const one = client(1);
  one.load();
  problems = [];
  one.save(draft('x'));
  one.saveSoon(draft('xy'));
  await one.flush();
  assert.equal(problems.length, 1);
});

test('settings: an invalid value is reported, unknown ones stay, a link stays a link', () => {
  const config = join(home, '.config/dualping');
  mkdirSync(config, { recursive: true });
  writeFileSync(join(home, 'kept.json'), '{"theme":"pink","mouse":false,"own":1}');
  symlinkSync(join(home, 'kept.json'), join(config, 'settings.json'));
  assert.deepEqual(client(1).loadSettings(), { mouse: false });
  assert.match(problems.join(), /theme is "pink"/);
  client(2).saveSettings({ theme: 'light' });
  assert.deepEqual(client(1).loadSettings(), { theme: 'light', mouse: false });
  assert.match(readFileSync(join(home, 'kept.json'), 'utf8'), /"own": 1/);
  assert.ok(lstatSync(join(config, 'settings.json')).isSymbolicLink());
});

test('state that was kept by address is taken over by the first network at that address, and by no later one', () => {
  const old = client(1, 'localhost:7070');
  old.save({ ...draft('half a thought'), readUpTo: new Map([['home', 8]]) });
  running.delete(1);
  const first = client(2, 'id-of-the-first', ['localhost:7070', '/data']).load();
  assert.equal(first.drafts.get('home'), 'half a thought');
  assert.equal(first.readUpTo.get('home'), 8);
  running.delete(2);
  const second = client(3, 'id-of-the-second', ['localhost:7070', '/data']).load();
  assert.deepEqual(second, nothingKept);
  assert.equal(client(4, 'id-of-the-first', ['127.0.0.1:7070']).load().drafts.get('home'), 'half a thought');
  assert.deepEqual(problems, []);
});

test('the state that a running client keeps by address stays its own', () => {
  client(1, 'localhost:7070').save({ ...draft('its own'), readUpTo: new Map([['home', 8]]) });
  const kept = client(2, 'id', ['localhost:7070']).load();
  assert.equal(kept.drafts.size, 0);
  assert.equal(kept.readUpTo.get('home'), 8);
});

test('the network at an address is remembered, until another one replaces it', () => {
  const known = new KnownNetworks(foldersFor({ HOME: home }));
  const place = { routers: ['a:1', 'b:2'], certified: undefined };
  assert.equal(known.idAt(place), undefined);
  known.remember(place, 'first');
  known.remember(place, 'second');
  assert.equal(new KnownNetworks(foldersFor({ HOME: home })).idAt(place), 'second');
  writeFileSync(join(home, '.local/state/dualping/networks.json'), '[1');
  assert.equal(known.idAt(place), undefined);
});

test('networks with certificates of their own are not mistaken for one another at one address', () => {
  const known = new KnownNetworks(foldersFor({ HOME: home }));
  const routers = ['a:1'];
  known.remember({ routers, certified: 'a1' }, 'first');
  assert.equal(known.idAt({ routers, certified: 'b2' }), undefined);
  assert.equal(known.idAt({ routers, certified: undefined }), undefined);
  known.remember({ routers, certified: 'b2' }, 'second');
  assert.equal(known.idAt({ routers, certified: 'a1' }), 'first');
});
