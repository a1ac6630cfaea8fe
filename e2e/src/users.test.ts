/** A name belongs to a key: real processes, people with homes of their own, servers that are killed. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  type ClassicAnswer,
  ClassicConnection,
  DeviceKey,
  DualpingError,
  DualpingSession,
  type NetworkCredentials,
  type SessionState,
} from '@dualping/client';
import { codeHash } from '@dualping/protocol';
import { initNetwork, NETWORK_FILE } from '@dualping/security';
import { DualpingProcess } from './dualping-process.js';
import { eventually } from './eventually.js';
import { SecureCluster } from './secure-cluster.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A user with a machine of their own. */
class Friend {
  constructor(
    readonly home: string,
    readonly routers: string,
  ) {
    mkdirSync(home, { recursive: true });
  }

  async run(...args: readonly string[]) {
    return await this.runWith({}, ...args);
  }

  async runWith(more: NodeJS.ProcessEnv, ...args: readonly string[]) {
    const environment = { HOME: this.home, XDG_CONFIG_HOME: '', XDG_STATE_HOME: '', ...more };
    return await new DualpingProcess(args, environment).outcome();
  }

  async post(text: string, user = 'mira') {
    return await this.run('post', text, '--user', user, '--routers', this.routers);
  }

  /** As from the line that an operator or a user has printed. */
  async join({ text }: { readonly text: string }, ...more: readonly string[]) {
    return await this.run('join', lineIn(text), ...more);
  }
}

const lineIn = (text: string): string => /dualping join '([^']+)'/.exec(text)?.[1] ?? `no line: ${text}`;

describe('users of a network with invitations', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-users-'));
  let secure: SecureCluster;
  let operator: readonly string[];
  let mira: Friend;
  let other: Friend;

  before(async () => {
    secure = await SecureCluster.start({ servers: 2, serverFlags: ['--registration', 'invite'] });
    const { routerAddress } = secure.cluster;
    operator = ['--routers', routerAddress, '--certs', secure.certs];
    mira = new Friend(join(folder, 'mira'), routerAddress);
    other = new Friend(join(folder, 'other'), routerAddress);
  });
  after(async () => {
    await secure.destroy();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const asOperator = async (...args: readonly string[]) => await mira.run(...args, ...operator);

  test('a user without an invitation is refused; one with an invitation joins and posts, and no other can take the name', async () => {
    const unknown = await mira.post('hello');
    assert.equal(unknown.code, 1);
    assert.match(unknown.text, /is not known here \(SHA256:.*\): join it by an invitation/);
    const invitation = await asOperator('invite');
    assert.match(invitation.text, /admits one new user, once, within 168 hours/);
    const joined = await mira.join(invitation, '--user', 'mira');
    assert.match(joined.text, /^you are mira: .*client --user mira/, joined.text);
    assert.equal((await mira.post('hello')).code, 0);
    assert.equal((await mira.post('uninvited', 'zoe')).code, 1);

    const again = await other.join(invitation, '--user', 'ann');
    assert.deepEqual([again.code, /\(invitation-spent\)/.test(again.text)], [1, true], again.text);
    const taken = await other.join(await asOperator('invite'), '--user', 'mira');
    assert.match(taken.text, /"mira" belongs to another key .*\(wrong-key\)/);
    const owned = await asOperator('invite', 'mira');
    assert.match(owned.text, /belongs to a key already.*\(name-taken\)/);
    const config = join(mira.home, '.config', 'dualping');
    const open = readdirSync(config, { recursive: true, encoding: 'utf8' }).filter(
      (name) => (statSync(join(config, name)).mode & 0o077) !== 0,
    );
    assert.deepEqual(open, []);
  });

  test('another device is admitted by its owner, is revoked, and is then refused', async () => {
    const keys = ['--user', 'mira', '--routers', mira.routers];
    const phone = new Friend(join(folder, 'phone'), mira.routers);
    const line = await mira.run('keys', 'add', ...keys);
    assert.match(
      (await phone.join(line, '--user', 'zoe')).text,
      /user is "zoe", and this line is for "mira" alone/,
    );
    assert.match((await phone.join(line)).text, /^you are mira/);
    assert.equal((await phone.post('from the phone')).code, 0);
    const own = await phone.run('keys', ...keys);
    assert.equal(own.text.split('\n').length, 2, own.text);
    const [key = ''] =
      own.text
        .split('\n')
        .find((line) => line.endsWith('this device'))
        ?.split(' ') ?? [];
    assert.match((await mira.run('keys', 'revoke', key, ...keys)).text, /^revoked /);
    assert.match((await phone.post('still here')).text, /\(wrong-key\)/);
    assert.match((await mira.run('keys', ...keys)).text, /revoked at \d+/);
    const [last = ''] = (await mira.run('keys', ...keys)).text.split(' ');
    assert.match((await mira.run('keys', 'revoke', last, ...keys)).text, /\(last-key\)/);
    assert.match((await mira.run('keys', 'revoke', 'nonsense', ...keys)).text, /\(unknown-key\)/);
  });

  test('a user who lost the key is admitted again', async () => {
    rmSync(join(mira.home, '.config', 'dualping', 'keys'), { recursive: true });
    assert.match((await mira.post('who am I')).text, /ask an operator to reset your keys.*\(wrong-key\)/);
    const reset = await asOperator('admin', 'reset-keys', 'mira');
    assert.match((await other.join(reset, '--user', 'mira')).text, /^you are mira/, 'whoever has the line');
    assert.match((await mira.join(reset)).text, /\(invitation-spent\)/);
    assert.match((await mira.join(await asOperator('admin', 'reset-keys', 'mira'))).text, /^you are mira/);
    assert.equal((await mira.post('back')).code, 0);
    assert.match((await other.post('not mine')).text, /\(wrong-key\)/);
    const stranger = await mira.run('admin', 'reset-keys', 'mira', '--routers', mira.routers);
    assert.match(stranger.text, /an operator of a network with TLS lets others in.*\(permission-denied\)/);
  });

  test('with a wrong clock both times are printed at the first contact, and everything works', async () => {
    for (const days of [2, -2]) {
      const shifted = `const now = Date.now; Date.now = () => now() + ${days * DAY_MS}`;
      const clock = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shifted)}` };
      const post = ['post', 'from another day', '--user', 'mira', '--routers', mira.routers] as const;
      const { code, text } = await mira.runWith(clock, ...post);
      const [, own = '', router = ''] =
        /clock says (\S+), and the router's (\S+): one of them/.exec(text) ?? [];
      assert.equal(code, 0, text);
      const differMs = Date.parse(own) - Date.parse(router) - days * DAY_MS;
      assert.ok(Math.abs(differMs) < HOUR_MS, text);
    }
    assert.doesNotMatch((await mira.post('of today')).text, /clock/);
  });

  test('another network at a known address is refused, also a line for another network', async () => {
    const file = join(mira.home, '.config', 'dualping', 'known-networks.json');
    const before = readFileSync(file, 'utf8');
    const invitation = await asOperator('invite');
    const foreign = lineIn(invitation.text).replace(/ca=[^&]*/, `ca=${'A'.repeat(43)}`);
    assert.match(
      (await other.run('join', foreign)).text,
      /is NOT THE NETWORK of this line.*\(wrong-network\)/,
    );
    const certs = join(folder, 'other-network');
    await initNetwork(certs);
    const certificate = readFileSync(join(certs, NETWORK_FILE), 'utf8');
    writeFileSync(file, JSON.stringify({ [mira.routers]: { fingerprint: 'A'.repeat(43), certificate } }));
    assert.match(
      (await mira.post('hello')).text,
      /ANOTHER NETWORK answers at .* may have been set up again.*\(wrong-network\)/,
    );
    writeFileSync(file, 'nonsense');
    assert.match((await mira.post('hello')).text, /known networks .* can't be read: it is not JSON/);
    writeFileSync(file, before);
    assert.equal((await mira.post('hello again')).code, 0);
    for (const line of ['nonsense', 'dualping://nowhere/?ca=x&code=y', lineIn(invitation.text).slice(0, -1)])
      assert.match((await mira.run('join', line)).text, /\(invalid-argument\)/);
  });

  test("the network's certificate is replaced: devices that connect meanwhile follow, the others print what to type", async () => {
    const known = (friend: Friend): string =>
      readFileSync(join(friend.home, '.config', 'dualping', 'known-networks.json'), 'utf8');
    const certificates = (friend: Friend): number => known(friend).split('BEGIN CERTIFICATE').length - 1;
    const friends = ['early', 'late', 'absent'] as const;
    const [early, late, absent] = await Promise.all(
      friends.map(async (name) => {
        const friend = new Friend(join(folder, name), mira.routers);
        assert.match((await friend.join(await asOperator('invite'), '--user', name)).text, /^you are /);
        return friend;
      }),
    );
    assert.ok(early !== undefined && late !== undefined && absent !== undefined);
    const parts = [secure.cluster.router, secure.cluster.server(1), secure.cluster.server(2)];
    const saying = async (pattern: RegExp, act: () => Promise<unknown>): Promise<void> => {
      const from = parts.map(({ lines }) => lines.length);
      await act();
      for (const [index, part] of parts.entries()) await part.line(pattern, from[index]);
    };
    await saying(/ trust: /, () => mira.run('certs', 'rotate-ca', 'begin', '--certs', secure.certs));
    assert.equal((await early.post('in time', 'early')).code, 0);
    assert.equal(certificates(early), 2);
    const guest = new Friend(join(folder, 'guest'), mira.routers);
    assert.match((await guest.join(await asOperator('invite'), '--user', 'guest')).text, /^you are guest/);
    await saying(/ renewed: /, () => mira.run('certs', 'renew', 'all', '--certs', secure.certs));
    assert.equal((await late.post('the new one is vouched for', 'late')).code, 0);
    assert.equal(certificates(late), 2);
    assert.equal((await guest.post('me too', 'guest')).code, 0);
    await saying(/ trust: /, () => mira.run('certs', 'rotate-ca', 'end', '--certs', secure.certs));
    for (const [friend, name] of [
      [early, 'early'],
      [late, 'late'],
      [guest, 'guest'],
    ] as const) {
      assert.equal((await friend.post('and after', name)).code, 0);
      assert.equal(certificates(friend), 1);
    }
    const told = await absent.post('was away', 'absent');
    assert.match(told.text, /It says that it is network .* with another certificate.*\(wrong-network\)/);
    const [, fingerprint = '', routers = ''] = / trust (\S+) --routers (\S+)/.exec(told.text) ?? [];
    assert.equal((await mira.run('certs', 'fingerprint', '--certs', secure.certs)).text, fingerprint);
    const wrong = await absent.run('trust', `SHA256:${'A'.repeat(43)}`, '--routers', routers);
    assert.match(wrong.text, /NOT THE NETWORK with this fingerprint.*\(wrong-network\)/);
    assert.match((await absent.run('trust', 'x', '--routers', routers)).text, /"x" is no fingerprint/);
    assert.match((await absent.run('trust', fingerprint, '--routers', routers)).text, /is known by SHA256:/);
    assert.equal((await absent.post('back', 'absent')).code, 0);
  });
});

describe('names of digits on the classic protocol, next to TLS', () => {
  let secure: SecureCluster;

  before(async () => {
    secure = await SecureCluster.start({ servers: 1, classic: true });
  });
  after(async () => await secure.destroy());

  test('are open until a key owns them, and all other names are refused', async () => {
    const address = `127.0.0.1:${secure.cluster.portOf('s1')}`;
    const classic = (user: string): ClassicConnection => new ClassicConnection(address, user);
    const [seven, mira] = [classic('7'), classic('mira')];
    assert.equal((await seven.login()).status, 'success');
    const refused = async (answer: Promise<ClassicAnswer>, text: RegExp): Promise<void> => {
      const { status, text: said } = await answer;
      assert.deepEqual([status === 'success', text.test(said)], [false, true], said);
    };
    await refused(mira.login(), /can't be used without a key here: only names of digits/);
    const session = new DualpingSession({
      routers: [secure.cluster.routerAddress],
      user: '7',
      credentials: secure.user,
      key: DeviceKey.generate(),
    });
    await session.post('mine now');
    await refused(seven.follow('7'), /"7" belongs to a key, and no key can be shown here/);
    // The user is on as long as that connection is open.
    seven.close();
    const again = classic('7');
    const why = await eventually('7 is not on any more', async () => {
      const { text } = await again.login();
      return /belongs to a key/.test(text) ? text : undefined;
    });
    assert.match(why, /"7" belongs to a key, and no key can be shown here/);
    for (const each of [mira, again]) each.close();
    session.close();
  });
});

describe('keys and takeovers', () => {
  let secure: SecureCluster;
  let credentials: NetworkCredentials;
  const sessions: DualpingSession[] = [];

  before(async () => {
    secure = await SecureCluster.start({ servers: 3 });
    credentials = secure.user;
  });
  after(async () => {
    for (const session of sessions) session.close();
    await secure.destroy();
  });

  const sessionOf = (user: string, key: DeviceKey, code?: string): DualpingSession => {
    const routers = [secure.cluster.routerAddress];
    const session = new DualpingSession({ routers, user, credentials, key, device: 'test', code });
    sessions.push(session);
    return session;
  };
  const isLive = async (session: DualpingSession): Promise<void> => {
    await eventually(`${session.user} is live`, () => session.state.kind === 'live' || undefined);
  };
  const failureOf = async (session: DualpingSession): Promise<SessionState> =>
    await eventually(`${session.user} fails`, () =>
      session.state.kind === 'failed' ? session.state : undefined,
    );

  test('after a takeover each key is still valid for its name, and for no other', async () => {
    const owner = DeviceKey.generate();
    const session = sessionOf('ann', owner);
    await session.post('before');
    const served = session.state.kind === 'live' ? session.state.target.serverId : 1;
    await secure.cluster.server(served).kill();
    await session.post('after');
    await isLive(session);
    assert.notEqual(session.state.kind === 'live' && session.state.target.serverId, served);
    const thief = await failureOf(sessionOf('ann', DeviceKey.generate()));
    assert.equal(thief.kind === 'failed' && thief.because.reason, 'wrong-key');
    await sessionOf('ann', owner).post('again');
    await secure.cluster.startServer(served);
  });

  test('a revoked key no longer reads: its timeline ends, and the session gives the reason', async () => {
    const owner = DeviceKey.generate();
    const session = sessionOf('bob', owner);
    await session.post('one');
    await session.inviteDevice(codeHash('a code'), Date.now() + HOUR_MS);
    const phone = DeviceKey.generate();
    const second = sessionOf('bob', phone, 'a code');
    await second.post('two');
    await isLive(second);
    await session.revokeKey(phone.publicKey);
    const ended = await failureOf(second);
    assert.deepEqual(ended.kind === 'failed' && ended.because.reason, 'wrong-key');
    await assert.rejects(
      () => second.post('three'),
      (error) => error instanceof DualpingError && error.reason === 'wrong-key',
    );
    await session.post('four');
    const keys = await session.keys();
    assert.deepEqual(
      keys.map(({ key, device, revokedAt }) => [key, device, revokedAt !== undefined]),
      [
        [owner.publicKey, 'test', false],
        [phone.publicKey, 'test', true],
      ],
    );
  });
});
