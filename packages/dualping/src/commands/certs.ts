/** `certs …`: certificates of a network's parts, on the machine where the network was made. */
import { join, resolve } from 'node:path';
import { serverId as asServerId, DualpingError, MAX_SERVER_ID, quote } from '@dualping/core';
import { EXIT } from '@dualping/host';
import { OPERATOR_NAME, type Part, partText } from '@dualping/protocol';
import {
  beginRotation,
  deliver,
  endRotation,
  ensure,
  fileOf,
  initNetwork,
  issue,
  listCertificates,
  NETWORK_FILE,
  partNamed,
  partsIn,
  readNetworkFile,
  revoke,
} from '@dualping/security';
import { type Command, type CommandArgument, command } from '../command.js';
import type { Io } from '../io.js';
import * as settings from '../settings/definitions.js';
import { wholeNumber } from '../settings/parse.js';
import { fingerprintText } from '../user/known-networks.js';

const GROUP = 'certs';
const ALL = 'all';
const MADE = { certs: settings.certsFolder, days: settings.days };

const initCommand = command({
  name: 'init',
  group: GROUP,
  summary: 'make a network: the certificate that signs all others',
  settings: { certs: settings.certsFolder },
  run: async ({ certs }, { io }) => {
    const network = await initNetwork(certs);
    io.out(`network ${network} in ${resolve(certs)}`);
    io.note(
      `its clients need ${join(certs, NETWORK_FILE)}, which is not secret; keep all other files private`,
    );
    return EXIT.done;
  },
});

async function make(certs: string, parts: readonly Part[], days: number, io: Io): Promise<number> {
  const made = await issue(certs, parts, days);
  for (const [index, part] of parts.entries()) {
    const notAfter = new Date(made[index]?.notAfterMs ?? 0).toISOString();
    io.out(`${partText(part)}: ${fileOf(certs, part)}, until ${notAfter}`);
  }
  return EXIT.done;
}

const ensureCommand = command({
  name: 'ensure',
  group: GROUP,
  summary: 'make what is missing of these, and the network too: for scripts, which may repeat it',
  args: [{ name: 'names', help: 'as router,server-1-2,operator-anna (server 2 of cluster 1)' }],
  settings: { certs: settings.certsFolder, deliver: settings.deliver },
  run: async ({ certs, deliver: to }, { args, io }) => {
    const parts = (args[0] ?? '').split(',').map((name) => partNamed(name.trim()));
    const made = await ensure(certs, parts);
    if (to !== '') await deliver(certs, parts, to);
    io.out(`${made ? 'made what was missing' : 'all are there'}, in ${resolve(certs)}`);
    if (to !== '') io.out(`each has its own in ${resolve(to)}`);
    return EXIT.done;
  },
});

const routerCommand = command({
  name: 'router',
  group: GROUP,
  summary: 'make the certificate of the router, with a new key',
  settings: MADE,
  run: async ({ certs, days }, { io }) => await make(certs, [{ role: 'router' }], days, io),
});

const ID: CommandArgument = { name: 'id', help: 'its number within its cluster' };

const idIn = (args: readonly string[]) => asServerId(judged(args[0], wholeNumber(1, MAX_SERVER_ID)));

const serverCommand = command({
  name: 'server',
  group: GROUP,
  summary: 'make the certificate of a server, with a new key',
  args: [ID],
  settings: { ...MADE, cluster: settings.cluster },
  run: async ({ certs, days, cluster }, { args, io }) =>
    await make(certs, [{ role: 'server', cluster, serverId: idIn(args) }], days, io),
});

const memberCommand = command({
  name: 'member',
  group: GROUP,
  summary: 'make the certificate of a service of yours that is a member, with a new key',
  args: [ID],
  settings: { ...MADE, cluster: settings.cluster, service: settings.ofService },
  run: async ({ certs, days, cluster, service }, { args, io }) =>
    await make(certs, [{ role: 'member', cluster: service || cluster, serverId: idIn(args) }], days, io),
});

const operatorCommand = command({
  name: 'operator',
  group: GROUP,
  summary: 'make the certificate of a person who may hand over, promote and see all clusters',
  args: [{ name: 'name', help: 'who: 1 to 32 of A-Z a-z 0-9 _ -' }],
  settings: MADE,
  run: async ({ certs, days }, { args, io }) => {
    const name = judged(args[0], (text) => {
      if (OPERATOR_NAME.test(text)) return text;
      throw new DualpingError('invalid-argument', 'give 1 to 32 of A-Z a-z 0-9 _ -');
    });
    return await make(certs, [{ role: 'operator', name }], days, io);
  },
});

const renewCommand = command({
  name: 'renew',
  group: GROUP,
  summary: 'make new keys and certificates; parts that run take them over by themselves',
  args: [{ name: 'name', help: `as server-1-2 (cluster 1, server 2), or ${ALL}` }],
  settings: MADE,
  run: async ({ certs, days }, { args, io }) => {
    const [name = ''] = args;
    return await make(certs, name === ALL ? partsIn(certs) : [partNamed(name)], days, io);
  },
});

/** The steps of a rotation, and what to do after each. */
const STEPS: Readonly<
  Record<string, { readonly does: (certs: string) => Promise<void>; readonly next: string }>
> = {
  begin: {
    does: beginRotation,
    next: 'copy all files to where their parts run, and network.pem to clients elsewhere; when each part has said `trust`: dualping certs renew all, and copy them again',
  },
  end: {
    does: endRotation,
    next: 'copy all files once more: what the former certificate of the network has signed is refused from then on. Clients that were on meanwhile know the new one; whoever was away types: dualping trust FINGERPRINT --routers HOST:PORT',
  },
};

const rotateCommand = command({
  name: 'rotate-ca',
  group: GROUP,
  summary: "replace the network's own key and certificate, step by step, while everything runs",
  args: [{ name: 'step', help: 'begin; and after `renew all`: end' }],
  settings: { certs: settings.certsFolder },
  run: async ({ certs }, { args, io }) => {
    const { does, next } = judged(args[0], (text) => {
      const step = Object.hasOwn(STEPS, text) ? STEPS[text] : undefined;
      if (step !== undefined) return step;
      throw new DualpingError('invalid-argument', `give ${Object.keys(STEPS).join(' or ')}`);
    });
    await does(certs);
    io.out(`done in ${resolve(certs)}; the network's fingerprint from now on:`);
    sayFingerprint(certs, io);
    io.note(next);
    return EXIT.done;
  },
});

/** By which people recognise the network. */
function sayFingerprint(certs: string, io: Io): void {
  const { authorityHashes } = readNetworkFile(join(certs, NETWORK_FILE));
  for (const fingerprint of authorityHashes) io.out(fingerprintText(fingerprint));
}

const fingerprintCommand = command({
  name: 'fingerprint',
  group: GROUP,
  summary:
    'by which people recognise the network: of its own key, and of the former one while it is replaced',
  settings: { certs: settings.certsFolder },
  run: async ({ certs }, { io }) => {
    sayFingerprint(certs, io);
    return EXIT.done;
  },
});

const revokeCommand = command({
  name: 'revoke',
  group: GROUP,
  summary: 'void all certificates of a part: its connections end, and it is refused from now on',
  args: [{ name: 'name', help: 'as server-1-2 (cluster 1, server 2), operator-anna' }],
  settings: { certs: settings.certsFolder },
  run: async ({ certs }, { args, io }) => {
    const part = partNamed(args[0] ?? '');
    const gone = await revoke(certs, part);
    for (const { name, serial } of gone) io.out(`revoked ${name}, serial ${serial}`);
    if (gone.length === 0) io.note(`nothing new: all certificates of ${partText(part)} were revoked already`);
    io.note(`parts on other machines need ${join(certs, 'revoked.json')}: copy it there`);
    return EXIT.done;
  },
});

const listCommand = command({
  name: 'list',
  group: GROUP,
  summary: 'all certificates that were made, and the state of each',
  settings: { certs: settings.certsFolder, json: settings.json },
  run: async ({ certs, json }, { io }) => {
    const all = listCertificates(certs);
    const width = Math.max(0, ...all.map(({ name }) => name.length));
    for (const certificate of all) {
      if (json) {
        io.out(JSON.stringify(certificate));
        continue;
      }
      const { name, serial, notAfterMs } = certificate;
      io.out(`${name.padEnd(width)}  ${serial}  until ${dayOf(notAfterMs)}  ${stateOf(certificate)}`);
    }
    return EXIT.done;
  },
});

const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

function stateOf({
  revokedAtMs,
  isCurrent,
  isOfFormer,
  notAfterMs,
}: ReturnType<typeof listCertificates>[number]): string {
  if (revokedAtMs !== undefined) return `revoked on ${dayOf(revokedAtMs)}`;
  if (notAfterMs < Date.now()) return 'has expired';
  if (isOfFormer) return 'of a former network certificate, no longer valid';
  return isCurrent ? 'in use' : 'replaced, still valid';
}

/** The value of an argument; a refusal quotes it. */
function judged<T>(text = '', judge: (text: string) => T): T {
  try {
    return judge(text);
  } catch (cause) {
    if (!(cause instanceof DualpingError)) throw cause;
    throw new DualpingError(cause.reason, `${quote(text)}: ${cause.detail}`, { cause });
  }
}

export const CERTS_COMMANDS: readonly Command[] = [
  initCommand,
  ensureCommand,
  routerCommand,
  serverCommand,
  memberCommand,
  operatorCommand,
  listCommand,
  fingerprintCommand,
  renewCommand,
  rotateCommand,
  revokeCommand,
];
