// The licences of everything that an installed dualping has, from package-lock.json.
//
//   node scripts/licences.mjs [--check]      writes docs/licences.md; --check: says whether it is as it should be
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandLine } from './arguments.mjs';

const root = new URL('../', import.meta.url);
const DOCUMENT = new URL('docs/licences.md', root);
/** Licences that ask for no more than to be named. Another one is a decision of a person. */
const KNOWN = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8'));

/** As Node looks for it: in the importer's own folder, and then further up. */
function placeOf(name, importer) {
  for (let from = importer; ; from = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')))) {
    const place = `${from === '' ? '' : `${from}/`}node_modules/${name}`;
    if (packages[place] !== undefined) return packages[place].link ? packages[place].resolved : place;
    if (from === '') return undefined;
  }
}

/** What is installed with the published packages. */
function installed() {
  const published = Object.keys(packages).filter((place) => /^packages\//.test(place));
  const isPrivate = (place) =>
    JSON.parse(readFileSync(new URL(`${place}/package.json`, root))).private === true;
  const seen = new Set();
  const visit = (place) => {
    if (seen.has(place)) return;
    seen.add(place);
    const { dependencies = {}, peerDependencies = {}, optionalDependencies = {} } = packages[place];
    for (const name of Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })) {
      // One of a workspace is found from the root; an optional one for another machine is not there.
      const found = placeOf(name, place.startsWith('packages/') ? '' : place) ?? placeOf(name, place);
      if (found !== undefined) visit(found);
    }
  };
  for (const place of published) if (!isPrivate(place)) visit(place);
  return [...seen].filter((place) => place.startsWith('node_modules/') || place.includes('/node_modules/'));
}

const rows = installed()
  .map((place) => ({
    name: place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version: packages[place].version,
    licence: packages[place].license ?? 'none named',
  }))
  .sort((one, other) => `${one.name}@${one.version}`.localeCompare(`${other.name}@${other.version}`, 'en'));

/** Every licence that an expression names, `(Apache-2.0 AND BSD-3-Clause)`. */
const namedIn = (licence) => licence.replaceAll(/[()]/g, '').split(/ (?:AND|OR) /);
const unknown = rows.filter(({ licence }) => !namedIn(licence).every((name) => KNOWN.includes(name)));
if (unknown.length > 0) {
  for (const { name, version, licence } of unknown) console.error(`${name} ${version}: ${licence}`);
  console.error(`these licences are not among ${KNOWN.join(', ')}: is the package needed?`);
  process.exit(1);
}

const document = `# Licences

Everything that is installed with dualping, and its licence. dualping itself has the MIT licence.
\`node scripts/licences.mjs\` writes this page from \`package-lock.json\`; a test checks it, and refuses others
than ${KNOWN.join(', ')}. \`npm sbom\` also has what only
builds and tests need.

| package | version | licence |
|---|---|---|
${rows.map(({ name, version, licence }) => `| \`${name}\` | ${version} | ${licence} |`).join('\n')}
`;

const { values } = commandLine('usage: node scripts/licences.mjs [--check]', {
  options: { check: { type: 'boolean' } },
});
if (!values.check) writeFileSync(DOCUMENT, document);
else if (readFileSync(DOCUMENT, 'utf8') !== document) {
  console.error(`${fileURLToPath(DOCUMENT)} is not up to date: node scripts/licences.mjs`);
  process.exit(1);
}
