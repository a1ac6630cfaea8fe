/** The commands about users and keys: `invite`, `join`, `keys`, and `admin reset-keys`. */
import { DualpingSession, UserAdmin } from '@dualping/client';
import { type Address, DualpingError, type KeyOfUser, quote, type UserName } from '@dualping/core';
import { EXIT } from '@dualping/host';
import {
  codeHash,
  isLoopback,
  keyDigits,
  NetworkCredentials,
  parseAddress,
  shortKey,
} from '@dualping/protocol';
import { command } from '../command.js';
import { operatorCredentials, type Trust } from '../credentials.js';
import type { Io } from '../io.js';
import { withSession } from '../one-shot.js';
import { ownCommand } from '../own-command.js';
import * as settings from '../settings/definitions.js';
import { userName } from '../settings/parse.js';
import { ownDevice } from '../user/device-keys.js';
import { firstProbed, personCredentials } from '../user/first-contact.js';
import { joinLineText, newCode, parseJoinLine } from '../user/join-line.js';
import {
  fingerprintIn,
  fingerprintText,
  type KnownNetwork,
  rememberNetwork,
} from '../user/known-networks.js';

const HOUR_MS = 3_600_000;
/** Validity of a code for the user's own other device, which is usually at hand. */
const DEVICE_HOURS = 1;

const OPERATOR = { routers: settings.routers, ...settings.trust, at: settings.at, hours: settings.codeHours };

interface OperatorValues extends Trust {
  readonly routers: readonly Address[];
  readonly at: readonly Address[];
  readonly hours: number;
}

/** Makes a code, and prints the line with which a user joins. */
async function letIn(
  { routers, at, hours, ...trust }: OperatorValues,
  user: UserName | undefined,
  io: Io,
  ask: (admin: UserAdmin, code: { readonly hash: string; readonly untilMs: number }) => Promise<unknown>,
): Promise<number> {
  const credentials = operatorCredentials(trust, routers);
  if (credentials === undefined)
    throw new DualpingError(
      'permission-denied',
      'an operator of a network with TLS lets others in: run it in the folder of `up`, or give --certs',
    );
  const admin = new UserAdmin({ routers, credentials });
  const code = newCode();
  try {
    await ask(admin, { hash: codeHash(code), untilMs: Date.now() + hours * HOUR_MS });
  } finally {
    admin.close();
  }
  printLine(io, { routers: at.length > 0 ? at : routers, hours, credentials, code, user });
  return EXIT.done;
}

interface Printed {
  readonly routers: readonly Address[];
  readonly hours: number;
  readonly credentials: NetworkCredentials;
  readonly code: string;
  readonly user: UserName | undefined;
}

function printLine(io: Io, { routers, hours, credentials, code, user }: Printed): void {
  const fingerprints = credentials.authorityHashes;
  const line = joinLineText({ routers, fingerprints, code, ...(user !== undefined && { user }) });
  io.out(`dualping join '${line}'`);
  const whom = user === undefined ? 'one new user' : quote(user);
  io.note(`admits ${whom}, once, within ${hours} hours: send it to no one else`);
  if (routers.every((router) => isLoopback(parseAddress(router).host)))
    io.note('it works on this machine only: give with --at the address at which others reach the router');
}

const inviteCommand = command({
  name: 'invite',
  summary: 'invite a user: print the line that they type; for operators',
  args: [{ name: 'name', help: 'the name for which it is', optional: true }],
  settings: OPERATOR,
  run: async (values, { args, io }) => {
    const user = args[0] === undefined ? undefined : userName(args[0]);
    return await letIn(values, user, io, (admin, code) => admin.invite(code, user));
  },
});

export const resetKeysCommand = command({
  name: 'reset-keys',
  group: 'admin',
  summary: 'revoke all keys of a user, and print the line with which the owner logs in again',
  args: [{ name: 'user', help: 'the user whose keys are lost' }],
  settings: OPERATOR,
  run: async (values, { args, io }) => {
    const user = userName(args[0] ?? '');
    return await letIn(values, user, io, (admin, code) => admin.resetKeys(code, user));
  },
});

export const joinCommand = command({
  name: 'join',
  summary: 'join a network with the line of an invitation',
  args: [{ name: 'line', help: 'dualping://host:port/?ca=...&code=..., in quotes' }],
  settings: { user: settings.user, timeoutMs: settings.timeoutMs },
  run: async ({ user: chosen, timeoutMs }, { args, io, isGiven }) => {
    const { routers, fingerprints, code, user = chosen } = parseJoinLine(args[0] ?? '');
    if (isGiven('user') && user !== chosen)
      throw new DualpingError(
        'invalid-argument',
        `user is ${quote(chosen)}, and this line is for ${quote(user)} alone: leave --user out, or ask for another line`,
      );
    const found = await networkThere(routers, fingerprints, 'of this line');
    const credentials = NetworkCredentials.parse(found.certificate);
    await comeIn({ routers, user, credentials, code, timeoutMs });
    rememberNetwork(routers, found);
    io.out(`you are ${user}: ${ownCommand()} client --user ${user} --routers ${routers.join()}`);
    return EXIT.done;
  },
});

/** What answers there, if it is that network. @throws DualpingError when it is not */
async function networkThere(
  routers: readonly Address[],
  fingerprints: readonly string[],
  wanted: 'of this line' | 'with this fingerprint',
): Promise<KnownNetwork> {
  const found = await firstProbed(routers);
  if (found.kind === 'silent')
    throw new DualpingError('router-unreachable', `no router answers at ${routers.join()}`);
  if (found.kind === 'network' && fingerprints.includes(found.fingerprint)) {
    const { fingerprint, certificate } = found;
    return { fingerprint, certificate };
  }
  const there = found.kind === 'plaintext' ? 'no TLS at all' : fingerprintText(found.fingerprint);
  throw new DualpingError(
    'wrong-network',
    `what answers at ${routers.join()} is NOT THE NETWORK ${wanted}: ${there}, and not ${fingerprints.map(fingerprintText).join(' or ')}. Nothing was sent to it`,
  );
}

const trustCommand = command({
  name: 'trust',
  summary: 'know a network by its fingerprint, in place of the one that was known at these routers',
  args: [{ name: 'fingerprint', help: 'as its operator tells it: certs fingerprint shows it' }],
  settings: { routers: settings.routers },
  run: async ({ routers }, { args, io }) => {
    const found = await networkThere(routers, [fingerprintIn(args[0] ?? '')], 'with this fingerprint');
    rememberNetwork(routers, found);
    io.out(`${routers.join()} is known by ${fingerprintText(found.fingerprint)} from now on`);
    return EXIT.done;
  },
});

interface Coming {
  readonly routers: readonly Address[];
  readonly user: UserName;
  readonly credentials: NetworkCredentials;
  readonly code: string;
  readonly timeoutMs: number;
}

/** Logs in once, with the code. */
async function comeIn({ routers, user, credentials, code, timeoutMs }: Coming): Promise<void> {
  const session = new DualpingSession({
    routers,
    user,
    credentials,
    code,
    timeline: false,
    ...ownDevice(credentials, user),
  });
  try {
    await session.keys({ signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    if (error instanceof DualpingError) throw error;
    throw new DualpingError('no-available-server', `you were not admitted within ${timeoutMs} ms`, {
      cause: error,
    });
  } finally {
    session.close();
  }
}

const keysListCommand = command({
  name: 'list',
  group: 'keys',
  isDefault: true,
  summary: 'your devices and their keys',
  settings: { ...settings.ofOneOperation, json: settings.json },
  run: async ({ json, ...oneShot }, { io }) => {
    const own = await ownKey(oneShot);
    const keys = await withSession(oneShot, io, (session) => session.keys());
    for (const key of keys) io.out(json ? JSON.stringify(key) : keyText(key, own));
    return EXIT.done;
  },
});

const keysAddCommand = command({
  name: 'add',
  group: 'keys',
  summary: 'admit another device of yours: print the line to type there',
  settings: { ...settings.ofOneOperation, at: settings.at },
  run: async ({ at, ...oneShot }, { io }) => {
    const { routers, user, ...trust } = oneShot;
    const credentials = await personCredentials(trust, routers);
    if (credentials === undefined) throw withoutKeys();
    const code = newCode();
    const untilMs = Date.now() + DEVICE_HOURS * HOUR_MS;
    await withSession(oneShot, io, (session) => session.inviteDevice(codeHash(code), untilMs));
    printLine(io, { routers: at.length > 0 ? at : routers, hours: DEVICE_HOURS, credentials, code, user });
    return EXIT.done;
  },
});

const keysRevokeCommand = command({
  name: 'revoke',
  group: 'keys',
  summary: 'revoke the key of a lost device: it is refused, and its timelines end at once',
  args: [{ name: 'key', help: 'its key, or the beginning of it, as `keys` shows it' }],
  settings: settings.ofOneOperation,
  run: async (oneShot, { args, io }) => {
    const begin = args[0] ?? '';
    const revoked = await withSession(oneShot, io, async (session) => {
      const key = keyBeginningWith(begin, await session.keys());
      await session.revokeKey(key.key);
      return key;
    });
    io.out(`revoked ${shortKey(revoked.key)} (${revoked.device})`);
    return EXIT.done;
  },
});

/** The key of this device, if there are keys. */
async function ownKey({
  routers,
  user,
  ...trust
}: Trust & { readonly routers: readonly Address[]; readonly user: UserName }): Promise<string> {
  const credentials = await personCredentials(trust, routers);
  if (credentials === undefined) throw withoutKeys();
  return ownDevice(credentials, user).key?.publicKey ?? '';
}

const withoutKeys = (): DualpingError =>
  new DualpingError('invalid-argument', 'users have no keys in a network without TLS');

function keyText({ key, device, since, revokedAt }: KeyOfUser, own: string): string {
  const state = revokedAt === undefined ? '' : `  revoked at ${revokedAt}`;
  return `${shortKey(key)}  ${device.padEnd(12)}  since ${since}${state}${key === own ? '  this device' : ''}`;
}

function keyBeginningWith(begin: string, keys: readonly KeyOfUser[]): KeyOfUser {
  const found = keys.filter(
    ({ key, revokedAt }) => revokedAt === undefined && keyDigits(key).startsWith(begin.toLowerCase()),
  );
  const [only, ...others] = begin === '' ? [] : found;
  if (only !== undefined && others.length === 0) return only;
  const detail =
    found.length === 0
      ? `no key of yours begins with ${quote(begin)}`
      : `${quote(begin)} is the beginning of ${found.length} keys: give more of it`;
  throw new DualpingError(found.length === 0 ? 'unknown-key' : 'invalid-argument', detail);
}

export const USER_COMMANDS = [
  inviteCommand,
  joinCommand,
  trustCommand,
  keysListCommand,
  keysAddCommand,
  keysRevokeCommand,
] as const;
