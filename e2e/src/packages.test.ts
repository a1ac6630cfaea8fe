/**
 * What a stranger gets: the packages are packed and looked at by the release script, and installed into a
 * project that knows nothing of this repository. There the command runs, and programs in strict TypeScript
 * are compiled, as ES module and as CommonJS.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DualpingProcess } from './dualping-process.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
/** Packing, and installing what the packages depend on, ms. */
const LONG_MS = 240_000;
/** What `require` of an ES module came with. */
const REQUIRES_MODULES = [
  [20, 19],
  [22, 12],
] as const;

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dualping-packages-')));
const project = join(folder, 'project');
const tarballs = join(folder, 'tarballs');
let router: DualpingProcess;
let routerAddress: string;
let released: string;

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  // npm tells its scripts the workspace that it runs in; a user's npm has no such workspace.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const { stdout } = await promisify(execFile)(command, args, { cwd, env, timeout: LONG_MS });
  return stdout;
}

const node = (...args: readonly string[]): Promise<string> => run(process.execPath, args, project);

before(async () => {
  cpSync(join(ROOT, 'e2e/stranger'), project, { recursive: true });
  released = await run(process.execPath, ['scripts/release.mjs', '--as-is', '--into', tarballs], ROOT);
  const files = readdirSync(tarballs).map((name) => join(tarballs, name));
  const others = ['@grpc/grpc-js@1.14.7', 'rxjs@7.8.2', '@types/node@20.19.43'];
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
  await run('npm', ['install', ...flags, ...files, ...others], project);
  const launcher = join(project, 'node_modules/dualping/bin/dualping.js');
  router = new DualpingProcess(
    ['router', '--insecure', '--port', '0', '--data', join(folder, 'router')],
    {},
    [],
    launcher,
  );
  routerAddress = await router.ready();
  await node(TSC, '-p', '.');
});

after(async () => {
  await router.stop();
  rmSync(folder, { recursive: true });
});

test('the release names what is to be published, each package after those that it needs', () => {
  const commands = [...released.matchAll(/^npm publish \S*?([\w-]+)-\d+\.\d+\.\d+\.tgz --access public$/gm)];
  const names = commands.map(([, name]) => name);
  assert.deepEqual(names.length, readdirSync(tarballs).length);
  assert.deepEqual([names[0], names.at(-1)], ['dualping-core', 'dualping']);
});

test('one copy of each package is installed', async () => {
  const listed = JSON.parse(await run('npm', ['ls', '--all', '--json', '@grpc/grpc-js', 'rxjs'], project));
  const paths = await run('npm', ['ls', '--all', '--parseable', '@grpc/grpc-js', 'rxjs'], project);
  assert.equal(listed.problems, undefined);
  assert.deepEqual(paths.trim().split('\n').sort(), [
    join(project, 'node_modules/@grpc/grpc-js'),
    join(project, 'node_modules/rxjs'),
  ]);
});

test('a service and its client in strict TypeScript, as ES module', async () => {
  const said = await node('built/module.mjs', routerAddress, '1');
  assert.equal(said, 'attached\nhello mira from s1\nprimary s1\n');
});

test('a member in strict TypeScript, as CommonJS', async (t) => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const requires = REQUIRES_MODULES.some(([line, from]) => major === line && minor >= from) || major > 22;
  if (!requires) {
    t.skip(`Node ${process.versions.node} can't require ES modules: 20.19 or 22.12 is needed`);
    return;
  }
  const said = await node('built/commonjs.cjs', routerAddress);
  assert.equal(said, 'service RoutingService {\nleft\n');
});
