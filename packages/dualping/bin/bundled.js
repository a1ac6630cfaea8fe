/**
 * Parts of dualping, each as one file with the code that V8 compiled when the bundle was made: router, server,
 * and one for all other commands.
 *
 * Loaded module by module, a server takes three times as long until it listens, and keeps 18 MB more. Memory
 * is also time to notice: a killed process closes its connections after its memory is freed. A bundle counts
 * only while it is of what is built now: after `tsc -b` alone the modules themselves run.
 */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

const FOLDER = fileURLToPath(new URL('../bundle/', import.meta.url));

/** V8 looks for itself whether it has other flags than the V8 that compiled. */
export const codeCacheKey = `${process.version}-${process.arch}`;

/** The part with all commands, for those that have none of their own. */
export const MAIN = 'main';

/**
 * The part for a command line that begins with this word; undefined when there is no bundle of what is built
 * now.
 */
export function bundledPart(word, folder = FOLDER) {
  const manifest = manifestIn(folder);
  if (manifest === undefined || !isFresh(manifest.inputs, folder)) return undefined;
  const part = manifest.parts[Object.hasOwn(manifest.parts, word) ? word : MAIN];
  if (part === undefined) return undefined;
  const { code, codeCaches } = part;
  const file = join(folder, code);
  const compiled = codeCaches[codeCacheKey];
  const cachedData = compiled === undefined ? undefined : readFileSync(join(folder, compiled));
  const script = scriptOf(file, cachedData);
  return {
    isCompiled: cachedData !== undefined && script.cachedDataRejected === false,
    start: (argv) => startOf(script, file)(argv),
  };
}

/** Its text is a function of what a CommonJS module is given, in ASCII. */
export const scriptOf = (filename, cachedData) =>
  new vm.Script(readFileSync(filename, 'latin1'), { filename, cachedData });

export function startOf(script, filename) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(filename), module, filename, dirname(filename));
  return module.exports.start;
}

function manifestIn(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** `inputs`: modules that went into it, by path from the folder, and when each was written. */
function isFresh(inputs, folder) {
  return Object.entries(inputs).every(
    // Not by `join`, which costs more than asking the kernel.
    ([path, writtenMs]) => statSync(`${folder}/${path}`, { throwIfNoEntry: false })?.mtimeMs === writtenMs,
  );
}
