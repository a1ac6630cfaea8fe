/**
 * A release before this one, for tests of upgrades and downgrades: a copy of what is built, of a lower
 * version and level, that reads and understands only what that level had. Nothing has been released yet; once
 * something is, its packages take the place of this.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const FORMER_VERSION = '0.0.9';
export const FORMER_LEVEL = 1;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['dist', 'bin', 'package.json', 'terminfo'];
const NEEDLESS = /\.map$|\.d\.ts$|\.(?:test|fixture)\.js$|\.tsbuildinfo$/;

/** In which file of which package what is written otherwise. Each text is there exactly once. */
const CHANGES: readonly (readonly [file: string, now: RegExp, then: string])[] = [
  ['core/dist/build.js', /VERSION = '[^']+'/, `VERSION = '${FORMER_VERSION}'`],
  ['core/dist/build.js', /\bLEVEL = \d+/, `LEVEL = ${FORMER_LEVEL}`],
  // It knows no suspension, neither on the wire nor in its store.
  ['router/dist/store/log-lines.js', /LOG_VERSION = \d+/, 'LOG_VERSION = 3'],
  ['protocol/dist/codec/routing.js', /case 'pleaseRest':/, "case 'notThereYet':"],
];

/** @returns the launcher of its command, in `folder` */
export function makeFormerRelease(folder: string): string {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@dualping'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (name !== '@dualping' && name !== 'dualping' && name !== '.bin')
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  for (const name of readdirSync(join(ROOT, 'packages'))) {
    const place = name === 'dualping' ? join(modules, name) : join(modules, '@dualping', name);
    cpSync(join(ROOT, 'packages', name), place, {
      recursive: true,
      filter: (path) => isCopied(path, join(ROOT, 'packages', name)),
    });
  }
  for (const [file, now, then] of CHANGES) {
    const path = join(modules, '@dualping', file);
    const text = readFileSync(path, 'utf8');
    if (text.split(now).length !== 2) throw new Error(`${file} has ${now} not exactly once`);
    writeFileSync(path, text.replace(now, then));
  }
  return join(modules, 'dualping', 'bin', 'dualping.js');
}

function isCopied(path: string, packageFolder: string): boolean {
  if (path === packageFolder) return true;
  const [first = ''] = path.slice(packageFolder.length + 1).split('/');
  return COPIED.includes(first) && !NEEDLESS.test(basename(path));
}
