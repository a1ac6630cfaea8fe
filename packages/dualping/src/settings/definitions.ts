/** Every setting of every command, once. */
import { userInfo } from 'node:os';
import {
  DEFAULT_DISK_STALL_MS,
  DEFAULT_KEEP_ALIVE_MS,
  DEFAULT_TIMING,
  MAX_CLUSTERS,
  MAX_CODE_MS,
  MAX_DISK_STALL_MS,
  MAX_KEEP_ALIVE_MS,
  MAX_MEMBERS,
  MAX_PAGE_POSTS,
  MAX_ROUTERS,
  MAX_SERVER_ID,
  MIN_DISK_STALL_MS,
  MIN_PING_INTERVAL_MS,
  TIMELINE_ENTRY_POSTS,
  userNameProblem,
} from '@dualping/core';
import { DEFAULT_DAYS } from '@dualping/security';
import * as parse from './parse.js';
import type { Setting } from './setting.js';

const DEFAULT_ROUTER_PORT = 7070;
/** A hundred years: more is a typing mistake. */
const MAX_DAYS = 36_500;

const setting = <T>(definition: Setting<T>): Setting<T> => Object.freeze(definition);

const toggle = (key: string, help: string): Setting<boolean> =>
  setting({ key, help, parse: parse.switchValue, fallback: false });

const milliseconds = (key: string, help: string, fallback: number, least = 1): Setting<number> =>
  setting({ key, argument: 'ms', unit: 'ms', help, parse: parse.milliseconds(least), fallback });

/** Default user name: the account on this machine, if it is a valid user name. */
function ownName(): string {
  try {
    const { username } = userInfo();
    return userNameProblem(username) === undefined ? username : 'you';
  } catch {
    return 'you'; // no entry for this user, as in some containers
  }
}

export const host = setting({
  key: 'host',
  argument: 'host',
  help: 'where to listen',
  parse: parse.host,
  fallback: '127.0.0.1',
});

export const data = (fallback: string): Setting<string> =>
  setting({ key: 'data', argument: 'folder', help: 'where to keep everything', parse: parse.text, fallback });

/** For `top`: it only reads there. */
export const logsOf = setting({
  key: 'data',
  argument: 'folder',
  help: 'data folder of what runs on this machine, from which the logs are read',
  parse: parse.text,
  fallback: 'dualping-data',
});

export const routerPort = setting({
  key: 'port',
  argument: 'port',
  help: 'where the router listens, 0 for a free port',
  parse: parse.port,
  fallback: DEFAULT_ROUTER_PORT,
});

export const serverPort = setting({
  key: 'port',
  argument: 'port',
  help: 'where the server listens, 0 for a free port',
  parse: parse.port,
  fallback: 0,
});

/** Empty: the address at which the server listens. */
export const advertise = setting({
  key: 'advertise',
  argument: 'host:port',
  help: 'the address that others dial, behind a proxy or a mapped port',
  parse: parse.address,
  fallback: '',
  fallbackText: 'default where it listens',
});

const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export const logFormat = setting<LogFormat>({
  key: 'logFormat',
  argument: 'format',
  help: `lines for the operator: ${LOG_FORMATS.join(', or ')} with one object a line`,
  parse: parse.oneOf(LOG_FORMATS),
  fallback: 'text',
});

/** Empty: nowhere. */
export const metrics = setting({
  key: 'metrics',
  argument: 'host:port',
  help: 'where metrics (Prometheus) and probes are answered over HTTP, port 0 for a free one',
  parse: parse.listenAddress,
  fallback: '',
  fallbackText: 'default nowhere',
});

/** For `up`: each process has an address of its own. */
export const networkMetrics = setting({
  ...metrics,
  help: 'where the router answers for metrics (Prometheus) and probes over HTTP; each server at the next port',
});

/** Empty: files in the data folder. */
export const store = setting({
  key: 'store',
  argument: 'etcd://host:port,.../prefix',
  help: 'an etcd that several routers share; one leads, the others stand by',
  parse: parse.text,
  fallback: '',
  fallbackText: 'default files in the data folder, for one router',
});

const storeFile = (key: string, help: string) =>
  setting({ key, argument: 'file', help, parse: parse.text, fallback: '', fallbackText: 'default none' });

/** How a router authenticates to etcd. */
export const storeAccess = {
  storeCa: storeFile('storeCa', 'CA certificates of etcd: with them TLS is used to etcd'),
  storeCert: storeFile('storeCert', 'the certificate that the router shows to etcd'),
  storeKey: storeFile('storeKey', 'the private key of that certificate'),
  storeUser: setting({
    key: 'storeUser',
    argument: 'name',
    help: "one of etcd's own users",
    parse: parse.text,
    fallback: '',
    fallbackText: 'default none',
  }),
  storePasswordFile: storeFile('storePasswordFile', 'the password of that user, in its first line'),
} as const;

const MIGRATIONS = ['to-store', 'to-folder'] as const;
export type Migration = (typeof MIGRATIONS)[number];

/** Empty: the router is started. */
export const migrate = setting<Migration | ''>({
  key: 'migrate',
  argument: 'to-store|to-folder',
  help: 'move the state of a router from --data to --store, or back, while no router runs; starts none',
  parse: parse.oneOf(MIGRATIONS),
  fallback: '',
  fallbackText: 'default nothing is moved',
});

/** For `up` and `start`, which may run the store themselves. */
export const storeOfNetwork = setting({
  key: 'store',
  argument: 'etcd or etcd://host:port,.../prefix',
  help: 'the store of several routers: etcd runs one of three nodes in the data folder',
  parse: parse.text,
  fallback: '',
  fallbackText: 'default files in the data folder, for one router',
});

export const routers = setting({
  key: 'routers',
  argument: 'host:port,...',
  help: 'where the router is; of several addresses the first that answers counts',
  parse: parse.addresses,
  fallback: [`127.0.0.1:${DEFAULT_ROUTER_PORT}`],
});

/**
 * For `up`, a number. For other commands this name means addresses; if `up` finds addresses in a variable or
 * a file, it runs one router.
 */
export const routersOfNetwork = setting({
  key: 'routers',
  argument: 'count',
  help: 'routers of which one leads; more than one share an etcd (--store)',
  parse: (text: string) => (text.includes(':') ? parse.addresses(text) && 1 : routerCount(text)),
  fallback: 1,
});

const routerCount = parse.wholeNumber(1, MAX_ROUTERS);

export const clusters = setting({
  key: 'clusters',
  argument: 'count',
  help: 'number of clusters of users; fixed once the router has a data folder',
  parse: parse.wholeNumber(1, MAX_CLUSTERS),
  fallback: 1,
  fallbackText: 'default the number in the folder, at first 1',
});

export const cluster = setting({
  key: 'cluster',
  argument: 'number',
  help: 'number of the cluster',
  parse: parse.wholeNumber(1, MAX_CLUSTERS),
  fallback: 1,
});

/** Empty: the cluster is named by its number. `service` of `health` means services of gRPC. */
export const ofService = setting({
  key: 'service',
  argument: 'name',
  help: 'name of a service, in place of --cluster',
  parse: parse.serviceName,
  fallback: '',
  fallbackText: 'default none: the cluster counts',
});

export const serverId = setting<number>({
  key: 'id',
  argument: 'number',
  help: 'permanent number of the server within its cluster',
  parse: parse.wholeNumber(1, MAX_SERVER_ID),
  fallback: undefined,
});

export const servers = setting({
  key: 'servers',
  argument: 'count',
  help: 'servers to start in each cluster',
  parse: parse.wholeNumber(1, MAX_MEMBERS),
  fallback: 3,
});

export const timing = {
  pingIntervalMs: milliseconds(
    'pingMs',
    'a server sends something at least this often',
    DEFAULT_TIMING.pingIntervalMs,
  ),
  deadAfterMs: milliseconds(
    'deadAfterMs',
    'silence after which a server is given up, at least 3 pings',
    DEFAULT_TIMING.deadAfterMs,
  ),
  reattachGraceMs: milliseconds(
    'reattachGraceMs',
    'how long the router waits for the known primary after its own start',
    DEFAULT_TIMING.reattachGraceMs,
  ),
};

export const user = setting({
  key: 'user',
  argument: 'name',
  help: 'who you are: 1 to 32 of A-Z a-z 0-9 _ -',
  parse: parse.userName,
  fallback: ownName(),
});

export const timeoutMs = milliseconds('timeoutMs', 'give up when it is not done by then', 10_000);

export const diskStallMs = setting({
  key: 'diskStallMs',
  argument: 'ms',
  unit: 'ms',
  help: 'a disk that does not answer for this long hangs: a server then leaves and ends, a router says NOT_SERVING',
  parse: parse.wholeNumber(MIN_DISK_STALL_MS, MAX_DISK_STALL_MS),
  fallback: DEFAULT_DISK_STALL_MS,
});

export const tripwire = toggle(
  'tripwire',
  'the router notices the end of a server sooner, by a connection that another process holds (Linux, setpriv)',
);

/** The address that `health` asks. */
export const address = setting({
  key: 'address',
  argument: 'host:port',
  help: 'where the router or the server is',
  parse: parse.address,
  fallback: `127.0.0.1:${DEFAULT_ROUTER_PORT}`,
});

export const service = setting({
  key: 'service',
  argument: 'name',
  help: 'the service to ask about, such as dualping.v1.SocialService, which serves only on a primary',
  parse: parse.text,
  fallback: '',
  fallbackText: 'default the process itself',
});

/** A health probe gives up soon, and asks again later. */
export const healthTimeoutMs = milliseconds('timeoutMs', 'give up when there is no answer by then', 2_000);

/** Of `check`. */
export const minInSync = setting({
  key: 'minInSync',
  argument: 'count',
  unit: 'members',
  help: 'fewer live members with everything acknowledged are critical',
  parse: parse.wholeNumber(0, MAX_MEMBERS),
  fallback: 1,
});

/** Some seconds of a busy network: a standby that is slower than its primary goes on falling behind. */
const DEFAULT_MAX_LAG = 10_000;

export const maxLag = setting({
  key: 'maxLag',
  argument: 'count',
  unit: 'entries',
  help: 'an in-sync member that is further behind is a warning',
  parse: parse.wholeNumber(0, Number.MAX_SAFE_INTEGER),
  fallback: DEFAULT_MAX_LAG,
});

/** Empty: the first that may. */
export const successor = setting({
  key: 'to',
  argument: 'server',
  help: 'which standby takes over, 2 for s2',
  parse: parse.text,
  fallback: '',
  fallbackText: 'default the first that is in sync',
});

/** Empty: no disk is checked. */
export const checkedData = setting({
  key: 'data',
  argument: 'folder',
  help: 'look at the disk of this folder too: free space, and how long it takes to sync',
  parse: parse.text,
  fallback: '',
  fallbackText: 'default none',
});

/** Below it a server's next snapshot may not fit, and a person needs time to make room. */
const DEFAULT_MIN_FREE_PERCENT = 10;

export const minFree = setting({
  key: 'minFree',
  argument: 'percent',
  unit: '%',
  help: 'a disk with less free is a warning, with a quarter of that critical',
  parse: parse.wholeNumber(0, 100),
  fallback: DEFAULT_MIN_FREE_PERCENT,
});

/** The same limit as for the event `slow-disk`. */
const DEFAULT_MAX_SYNC_MS = 1_000;

export const maxSync = setting({
  key: 'maxSyncMs',
  argument: 'ms',
  unit: 'ms',
  help: 'a disk that takes longer to sync one small file is a warning',
  parse: parse.milliseconds(1),
  fallback: DEFAULT_MAX_SYNC_MS,
});

/** As in the warnings of parts: enough for an operator who looks once a month. */
const DEFAULT_MIN_DAYS = 30;

export const minDays = setting({
  key: 'minDays',
  argument: 'days',
  unit: 'days',
  help: 'a certificate that ends sooner is a warning',
  parse: parse.wholeNumber(0, MAX_DAYS),
  fallback: DEFAULT_MIN_DAYS,
});

export const limit = setting({
  key: 'limit',
  argument: 'count',
  unit: 'posts',
  help: 'how many past posts to show',
  parse: parse.wholeNumber(0, MAX_PAGE_POSTS),
  fallback: TIMELINE_ENTRY_POSTS,
});

export const keepAliveMs = setting({
  key: 'keepAliveMs',
  argument: 'ms',
  unit: 'ms',
  help: 'supervisor and server hear each other this often; three of them in silence count as a hang',
  parse: parse.wholeNumber(MIN_PING_INTERVAL_MS, MAX_KEEP_ALIVE_MS),
  fallback: DEFAULT_KEEP_ALIVE_MS,
});

export const supervised = toggle('supervised', 'start it with a supervisor, and start both again as needed');
export const noSupervise = toggle(
  'noSupervise',
  'without a supervisor, even if a variable or the config file asks for one: under systemd or in a container',
);
export const paired = toggle(
  'paired',
  'it is one of a pair, and starts a supervisor when there is none; used by `supervise`',
);
export const held = toggle(
  'held',
  'load everything, and begin only when the parent process says so; used by `up`',
);

/** Empty: the folder `certs` next to the data folder. */
export const certs = setting({
  key: 'certs',
  argument: 'folder',
  help: 'folder with the certificate of this part',
  parse: parse.text,
  fallback: '',
  fallbackText: 'default certs beside the data folder, where what is missing is made',
});

export const insecure = setting<parse.Insecure>({
  key: 'insecure',
  argument: parse.BEYOND_LOOPBACK,
  mayStandAlone: true,
  help: 'without TLS, for experiments: every caller is believed; on loopback only, unless beyond-loopback is given',
  parse: parse.insecure,
  fallback: 'no',
  fallbackText: 'default TLS',
});

/** The credentials of commands that make calls; empty: those of `up` in dualping-data. */
export const trust = {
  certs: setting({
    ...certs,
    help: 'folder with certificates of the network, for operators their own: TLS, and only its parts are believed',
    fallbackText: 'default that of a network of yours that runs on this machine',
  }),
  ca: setting({
    key: 'ca',
    argument: 'file',
    help: "the network's certificate (network.pem): TLS, and only its parts are believed",
    parse: parse.text,
    fallback: '',
    fallbackText: 'default none',
  }),
};

/** Of commands that do one thing as a user. */
export const ofOneOperation = { user, routers, ...trust, timeoutMs };

export const certsFolder = setting({
  ...certs,
  help: 'folder with the certificates of the network',
  fallback: 'dualping-data/certs',
});

export const deliver = setting({
  key: 'deliver',
  argument: 'folder',
  help: 'also give each of them a folder of its own there with what it needs, and `network` for clients',
  parse: parse.text,
  fallback: '',
});

export const days = setting({
  key: 'days',
  argument: 'days',
  unit: 'days',
  help: 'how long the certificate is valid',
  parse: parse.wholeNumber(1, MAX_DAYS),
  fallback: DEFAULT_DAYS,
});

export const REGISTRATIONS = ['open', 'invite', 'closed'] as const;

/** Empty: open if only this machine can connect, otherwise by invitation. */
export const registration = setting<(typeof REGISTRATIONS)[number] | ''>({
  key: 'registration',
  argument: 'who',
  help: 'with TLS, who can have a new name: open: any user, invite: invited users, closed: no one',
  parse: parse.oneOf(REGISTRATIONS),
  fallback: '',
  fallbackText: 'default open on loopback, else invite',
});

/** Empty: the addresses at which the command itself calls the routers. */
export const at = setting<readonly string[]>({
  key: 'at',
  argument: 'host:port,...',
  help: 'the address of the router for the user of the line',
  parse: parse.addresses,
  fallback: [],
  fallbackText: 'default --routers',
});

/** A week: the friend may be away. */
const DEFAULT_CODE_HOURS = 7 * 24;

export const codeHours = setting({
  key: 'hours',
  argument: 'hours',
  unit: 'hours',
  help: 'how long the line is valid',
  parse: parse.wholeNumber(1, MAX_CODE_MS / 3_600_000),
  fallback: DEFAULT_CODE_HOURS,
});

export const classicWire = toggle(
  'classic',
  'with TLS: serve csce438 programs as well, without TLS, and believe every one of them',
);

export const classicFrom = setting<readonly string[]>({
  key: 'classicFrom',
  argument: 'network,...',
  help: 'with TLS: serve csce438 programs from these addresses too, such as 10.0.0.0/8; switches --classic on',
  parse: parse.networks,
  fallback: [],
  fallbackText: 'default only from this machine',
});

export const noDialBack = toggle(
  'noDialBack',
  'promote servers without dialling them back: for a router that cannot dial them, while clients can',
);
export const inSync = toggle(
  'inSync',
  'whether the server has everything acknowledged, before the next is restarted',
);
export const line = toggle('line', 'line by line instead of the full screen');

export const json = toggle('json', 'print JSON for programs, one object a line');
export const follow = toggle('follow', 'go on with new posts as they come');
export const watch = toggle('watch', 'go on with every change as it is made');
export const unclean = toggle('unclean', 'confirm that acknowledged writes may be lost');
export const acceptLoss = toggle('acceptLoss', 'even if another live server has more');
/** Of `admin remove`. */
export const acceptFewerCopies = toggle(
  'acceptLoss',
  'also a server of the in-sync set while no primary serves: the others must not be lost too',
);
