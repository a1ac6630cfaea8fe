// What a package has from elsewhere in the repository while npm packs it: the licence, and the protos of
// `protocol`. Each manifest names it as `prepack` and `postpack`, so npm runs it in the package's folder.
//
//   node ../../scripts/package-files.mjs put|remove
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [what] = process.argv.slice(2);
if (what !== 'put' && what !== 'remove') {
  console.error(`usage: package-files.mjs put|remove, not "${what ?? ''}"`);
  process.exit(2);
}
const root = fileURLToPath(new URL('..', import.meta.url));
const { files = [] } = JSON.parse(readFileSync('package.json', 'utf8'));
const fromRoot = ['LICENSE', ...(files.includes('protos') ? ['protos'] : [])];

for (const name of fromRoot)
  if (what === 'put') cpSync(`${root}${name}`, name, { recursive: true });
  else rmSync(name, { recursive: true, force: true });
