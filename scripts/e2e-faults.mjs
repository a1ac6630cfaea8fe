// Runs the suites that need root: faults of the network, faults of the machine, abuse.
//
//   node scripts/e2e-faults.mjs [network] [machine] [memory] [routers] [abuse] [--short] [--only PART-OF-A-TEST-NAME]
//
// All of it happens in namespaces of its own (network, mounts, processes): nothing of this machine's network
// is touched, and when this process ends, however it ends, the kernel takes everything away with it. Where
// there is no root to make them, it says that it is skipped.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandLine, UsageError } from './arguments.mjs';

const SUITES = ['network', 'machine', 'memory', 'routers', 'abuse'];
/** What the suites run, and the Debian package that has it. */
const NEEDED = {
  ip: 'iproute2',
  iptables: 'iptables',
  socat: 'socat',
  faketime: 'faketime',
  unshare: 'util-linux',
  prlimit: 'util-linux',
  etcd: 'etcd-server',
  etcdctl: 'etcd-client',
};
/** One test that hangs must say so. */
const TIMEOUT_MS = 6 * 60_000;

const USAGE = `usage: node scripts/e2e-faults.mjs [${SUITES.join('] [')}] [--short] [--only PART-OF-A-TEST-NAME]`;
const {
  positionals: asked,
  values: { short, only },
} = commandLine(USAGE, {
  options: { short: { type: 'boolean' }, only: { type: 'string' } },
  positionals: SUITES.length,
  judge: (_, asked) => {
    const wrong = asked.find((suite) => !SUITES.includes(suite));
    if (wrong !== undefined) throw new UsageError(`there is no suite "${wrong}"`);
  },
});
const suites = asked.length > 0 ? asked : SUITES;

function skip(why) {
  console.log(`e2e faults (${suites.join(', ')}): SKIPPED, nothing was tested: ${why}`);
  process.exit(0);
}

if (process.platform !== 'linux') skip('namespaces are Linux');
if (process.getuid() !== 0) skip('namespaces, packet filters and mounts need root');

const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const missing = () => Object.keys(NEEDED).filter((command) => !has(command));
if (missing().length > 0 && has('apt-get')) {
  const packages = [...new Set(missing().map((command) => NEEDED[command]))];
  console.log(`installing ${packages.join(' ')}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const quietly = { stdio: ['ignore', 'ignore', 'inherit'], env: environment };
  spawnSync('apt-get', ['update', '-qq'], quietly);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], quietly);
}
if (missing().length > 0) {
  console.error(`missing, and could not be installed: ${missing().join(', ')}`);
  process.exit(1);
}

const fileOf = (suite) => fileURLToPath(new URL(`../e2e/dist/faults/${suite}.faults.js`, import.meta.url));
for (const file of suites.map(fileOf))
  if (!existsSync(file)) {
    console.error(`${file} is not built: run npm run build`);
    process.exit(1);
  }

const quoted = (words) => words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
function testing(some, atOnce) {
  const flags = [`--test-concurrency=${atOnce}`, '--test-reporter=spec', `--test-timeout=${TIMEOUT_MS}`];
  // A connection that was being made to a host that is gone with its network is given up by the kernel after
  // two minutes, however its owner has closed it.
  flags.push('--test-force-exit');
  if (only !== undefined) flags.push(`--test-name-pattern=${only}`);
  return quoted([process.execPath, '--test', ...flags, ...some.map(fileOf)]);
}
// Abuse is measured alone, and of two networks with the same addresses one is there at a time. Of the others
// two may run at a time where there are few clients: they mostly wait.
const ALONE = ['routers', 'abuse'];
const alone = suites.filter((suite) => ALONE.includes(suite));
const others = suites.filter((suite) => !ALONE.includes(suite));
const runs = [
  ...(others.length > 0 ? [testing(others, short ? 2 : 1)] : []),
  ...alone.map((suite) => testing([suite], 1)),
];
// Names of network namespaces are files: these are seen by nobody else.
const inside = `mkdir -p /run/netns && mount -t tmpfs none /run/netns && ip link set lo up || exit 1; failed=0; ${runs.map((run) => `${run} || failed=1`).join('; ')}; exit $failed`;
const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
const child = spawn('unshare', [...namespaces, 'sh', '-c', inside], {
  stdio: 'inherit',
  env: { ...process.env, DUALPING_FAULTS: short ? 'short' : 'long' },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGKILL'));
child.on('exit', (code) => process.exit(code ?? 1));
