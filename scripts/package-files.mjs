// What a package has from elsewhere in the repository while npm packs it: the licence, and the protos of
// `protocol`. Each manifest names it as `prepack` and `postpack`, so npm runs it in the package's folder.
//
//   node ../../scripts/package-files.mjs put|remove
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { files } = JSON.parse(readFileSync('package.json', 'utf8'));
const fromRoot = ['LICENSE', ...(files.includes('protos') ? ['protos'] : [])];

switch (process.argv[2]) {
  case 'put':
    for (const name of fromRoot) cpSync(`${root}${name}`, name, { recursive: true });
    break;
  case 'remove':
    for (const name of fromRoot) rmSync(name, { recursive: true, force: true });
    break;
  default:
    console.error(`usage: package-files.mjs put|remove, not "${process.argv[2] ?? ''}"`);
    process.exit(2);
}
