/** What is installed with dualping: nothing that runs by being installed, and known licences. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const readJson = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
const run = async (command: string, ...args: string[]): Promise<string> =>
  (await promisify(execFile)(command, args, { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 })).stdout;

interface Locked {
  readonly version?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
}
const locked = new Map(Object.entries<Locked>(readJson('package-lock.json').packages));
const nameOf = (place: string): string =>
  place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);

test('every package with an install script is allowed or forbidden explicitly', () => {
  const { allowScripts } = readJson('package.json') as { readonly allowScripts: Record<string, boolean> };
  const scripted = [...locked].filter(([, { hasInstallScript }]) => hasInstallScript === true);
  const names = new Set(scripted.map(([place]) => nameOf(place)));
  assert.deepEqual(Object.keys(allowScripts).sort(), [...names].sort());
});

test('npm sbom names the installed packages', async () => {
  const bill = JSON.parse(await run('npm', 'sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'));
  const named = new Set(
    bill.components.map(({ purl }: { readonly purl: string }) => decodeURIComponent(purl)),
  );
  for (const name of ['@grpc/grpc-js', 'rxjs', 'typescript'])
    assert.ok(named.has(`pkg:npm/${name}@${locked.get(`node_modules/${name}`)?.version}`), name);
  assert.ok(
    JSON.parse(await run('npm', 'sbom', '--package-lock-only', '--sbom-format', 'spdx')).packages.length > 50,
  );
});

test('docs/licences.md has every package that is installed with dualping', async () => {
  await run(process.execPath, 'scripts/licences.mjs', '--check');
  const document = readFileSync(new URL('../../docs/licences.md', import.meta.url), 'utf8');
  for (const manifest of ['client', 'dualping', 'protocol'].map((name) =>
    readJson(`packages/${name}/package.json`),
  ))
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }))
      if (!name.includes('dualping')) assert.ok(document.includes(`| \`${name}\` |`), name);
});
