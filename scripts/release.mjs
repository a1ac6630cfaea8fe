// Makes a release ready, and stops before publishing: what is published is what was looked at.
//
//   node scripts/release.mjs [--into FOLDER] [--as-is]
//
// It builds from nothing, packs every package that is published, and looks at each tarball as a stranger gets
// it. The tarballs and the commands that publish them are its result.
// --as-is: neither asks git nor builds. For tests, which pack what they have built.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { filterProblems } from '@arethetypeswrong/core/problems';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { commandLine } from './arguments.mjs';

const USAGE = 'usage: node scripts/release.mjs [--into FOLDER] [--as-is]';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => join(root, 'node_modules/.bin', name);
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** What is wrong with the release; there is none until it is mended. */
class Unfit extends Error {}

function run(command, args, options = {}) {
  try {
    return execFileSync(command, args, { cwd: root, encoding: 'utf8', stdio: 'pipe', ...options });
  } catch (error) {
    throw new Unfit(`${[command, ...args].join(' ')}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
  }
}

/** Each after those that it depends on. */
function publishedPackages() {
  const all = readJson(join(root, 'package.json'))
    .workspaces.map((folder) => ({ folder, manifest: readJson(join(root, folder, 'package.json')) }))
    .filter(({ manifest }) => !manifest.private);
  const ordered = [];
  const add = (wanted) => {
    if (ordered.includes(wanted)) return;
    for (const name of Object.keys(wanted.manifest.dependencies ?? {})) {
      const dependency = all.find(({ manifest }) => manifest.name === name);
      if (dependency !== undefined) add(dependency);
    }
    ordered.push(wanted);
  };
  for (const each of all) add(each);
  return ordered;
}

/** @returns the version of all of them */
function checkVersions(packages) {
  const [{ manifest: first }] = packages;
  const names = packages.map(({ manifest }) => manifest.name);
  for (const { manifest } of packages) {
    if (manifest.version !== first.version)
      throw new Unfit(`${manifest.name} is ${manifest.version}, and ${first.name} is ${first.version}`);
    for (const [name, version] of Object.entries(manifest.dependencies ?? {}))
      if (names.includes(name) && version !== first.version)
        throw new Unfit(`${manifest.name} depends on ${name} ${version}, and not on ${first.version}`);
  }
  const heading = `## ${first.version}`;
  if (!readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split('\n').includes(heading))
    throw new Unfit(`CHANGELOG.md has no "${heading}"`);
  return first.version;
}

function build(packages) {
  const changes = run('git', ['status', '--porcelain']);
  if (changes !== '') throw new Unfit(`there are changes that are not committed:\n${changes}`);
  // What an older build has left behind would be packed.
  for (const { folder } of packages) rmSync(join(root, folder, 'dist'), { recursive: true, force: true });
  run(bin('tsc'), ['-b', ...packages.map(({ folder }) => folder)]);
}

const filesUnder = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

async function lint(pkgDir, wrong) {
  const { messages, pkg } = await publint({ pkgDir, pack: false, strict: true });
  if (messages.length === 0) return;
  throw wrong(`publint says\n${messages.map((message) => formatMessage(message, pkg)).join('\n')}`);
}

/** How a compiler may find the types. CommonJS gets the same module, by the `require` of Node 20.19. */
const RESOLUTIONS = ['node16-esm', 'bundler'];

async function checkTypes(tarball, wrong) {
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
  if (!analysis.types) throw wrong('are-the-types-wrong finds no types');
  const problems = RESOLUTIONS.flatMap((resolutionKind) => filterProblems(analysis, { resolutionKind }));
  if (problems.length > 0) throw wrong(`are-the-types-wrong says\n${JSON.stringify(problems, null, 2)}`);
}

/** As a stranger gets it. */
async function lookAt(tarball, { manifest }) {
  const into = mkdtempSync(join(tmpdir(), 'dualping-release-'));
  try {
    run('tar', ['-xzf', tarball, '-C', into]);
    const folder = join(into, 'package');
    const wrong = (what) => new Unfit(`${manifest.name}: ${what}`);
    for (const name of ['README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'])
      if (!existsSync(join(folder, name))) throw wrong(`there is no ${name}`);
    if (manifest.name === '@dualping/protocol')
      for (const file of filesUnder(join(root, 'protos')))
        if (!existsSync(join(folder, relative(root, file))))
          throw wrong(`there is no ${relative(root, file)}`);
    for (const file of filesUnder(folder)) {
      if (/\.(test|fixture)\.|\.tsbuildinfo$/.test(file))
        throw wrong(`${relative(folder, file)} is not for it`);
      if (!file.endsWith('.map')) continue;
      for (const source of readJson(file).sources)
        if (!existsSync(resolve(dirname(file), source)))
          throw wrong(
            `${relative(folder, file)} names ${source}, which is not there: is it of an older build?`,
          );
    }
    await lint(folder, wrong);
    await checkTypes(tarball, wrong);
  } finally {
    rmSync(into, { recursive: true });
  }
}

const { values } = commandLine(USAGE, {
  options: { into: { type: 'string', default: 'release' }, 'as-is': { type: 'boolean' } },
});
const into = resolve(values.into);
try {
  const packages = publishedPackages();
  const version = checkVersions(packages);
  mkdirSync(into, { recursive: true });
  if (readdirSync(into).length > 0) throw new Unfit(`the folder ${into} is not empty`);
  if (!values['as-is']) build(packages);
  run('npm', [
    'pack',
    '--pack-destination',
    into,
    ...packages.flatMap(({ folder }) => ['--workspace', folder]),
  ]);
  const tarballs = [];
  for (const each of packages) {
    const tarball = join(into, `${each.manifest.name.replace('@', '').replace('/', '-')}-${version}.tgz`);
    await lookAt(tarball, each);
    tarballs.push(tarball);
  }
  console.log(
    `${version} is ready: ${tarballs.length} packages in ${into}. Nothing is published. To publish:\n`,
  );
  for (const tarball of tarballs) console.log(`npm publish ${tarball} --access public`);
} catch (error) {
  if (!(error instanceof Unfit)) throw error;
  console.error(`no release: ${error.message}`);
  process.exit(1);
}
