// Makes packages/dualping/bundle: router, server and all other commands, each as one file with compiled code.
//
//   node scripts/bundle.mjs [--final]
//
// Nothing is done while what is there is of what is built now. --final: nothing will be built after this, so
// nobody has to look whether it is still so.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledPart, codeCacheKey, MAIN } from '../packages/dualping/bin/bundled.js';

const PACKAGE = fileURLToPath(new URL('../packages/dualping/', import.meta.url));
const FOLDER = join(PACKAGE, 'bundle');
const BUILDING = `${FOLDER}.building`;
/** By the first word of a command line; all other commands are in `MAIN`. */
const PARTS = { router: 'routerCommand', server: 'serverCommand' };
const NAMES = [...Object.keys(PARTS), MAIN];

/** What runs it gives it its own `require`; see `bin/bundled.js`. */
const WRAPPER = {
  before: `(function (exports, require, module, __filename, __dirname) {
const ownPlace = (path) => require('node:url').pathToFileURL(require('node:path').join(__dirname, path)).href;`,
  after: '})',
};

const isFinal = process.argv.includes('--final');

rmSync(BUILDING, { recursive: true, force: true });
if (NAMES.every((name) => bundledPart(name)?.isCompiled)) process.exit(0);

// Loaded only when there is something to do: most builds before `npm start` find nothing.
const { build } = await import('esbuild');
const { COMMANDS } = await import('../packages/dualping/dist/commands/index.js');
const { knownOf } = await import('../packages/dualping/dist/program.js');
const { rehearse } = await import('./rehearse.mjs');

/** A module may ask where it lies: it is told where its own file is, not where the bundle is. */
const ownPlaces = {
  name: 'own-places',
  setup: ({ onLoad }) =>
    onLoad({ filter: /packages[\\/][^\\/]+[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
      // Not by `require`: a module may have its own of that name.
      const url = `ownPlace(${JSON.stringify(relative(FOLDER, path))})`;
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', url), loader: 'js' };
    }),
};

function entryOf(name) {
  if (name === MAIN) return "export { main as start } from './dist/main.js';";
  const { keys, variables } = knownOf(COMMANDS);
  const keyList = [...keys].map(([command, its]) => [command, [...its]]);
  return `
    import { runCommandProcess } from './dist/command-process.js';
    import { ${PARTS[name]} } from './dist/commands/${name}.js';
    const keys = new Map(${JSON.stringify(keyList)}.map(([command, its]) => [command, new Set(its)]));
    const known = { keys, variables: ${JSON.stringify(variables)} };
    export const start = (argv) => runCommandProcess(argv, [${PARTS[name]}], known);`;
}

/** @returns the name of its file, and the modules of ours that are in it */
async function bundle(name) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: entryOf(name), resolveDir: PACKAGE, sourcefile: `${name}.js` },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.15',
    // The text stays in memory: what is only for readers goes. Names stay, for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    banner: { js: WRAPPER.before },
    footer: { js: WRAPPER.after },
    absWorkingDir: PACKAGE,
    // What blessed's terminal widget would need: not installed, and never loaded.
    external: ['term.js', 'pty.js'],
    plugins: [ownPlaces],
    logLevel: 'warning',
  });
  const [{ contents }] = outputFiles;
  const file = `${name}.${createHash('sha256').update(contents).digest('hex').slice(0, 16)}.cjs`;
  writeFileSync(join(BUILDING, file), contents);
  const modules = Object.keys(metafile.inputs).map((path) => join(PACKAGE, path));
  return {
    code: file,
    modules: modules.filter((path) => existsSync(path) && !path.includes('node_modules')),
  };
}

mkdirSync(BUILDING);
const parts = {};
const inputs = {};
for (const name of NAMES) {
  const { code, modules } = await bundle(name);
  parts[name] = { code, codeCaches: {} };
  for (const path of isFinal ? [] : modules) inputs[relative(FOLDER, path)] = statSync(path).mtimeMs;
}
const compiled = await rehearse(
  Object.fromEntries(Object.keys(parts).map((name) => [name, join(BUILDING, parts[name].code)])),
);
for (const [name, bytes] of Object.entries(compiled)) {
  const file = `${parts[name].code}.${codeCacheKey}.compiled`;
  writeFileSync(join(BUILDING, file), bytes);
  parts[name].codeCaches[codeCacheKey] = file;
}
writeFileSync(join(BUILDING, 'manifest.json'), JSON.stringify({ inputs, parts }));
rmSync(FOLDER, { recursive: true, force: true });
renameSync(BUILDING, FOLDER);
