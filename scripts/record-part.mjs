// Runs a bundled part, and writes what V8 compiled of it when it ends: node record-part.mjs CODE OUTPUT ARGS
import { writeFileSync } from 'node:fs';
import { scriptOf, startOf } from '../packages/dualping/bin/bundled.js';

const [file, output, ...argv] = process.argv.slice(2);
const script = scriptOf(file);
process.on('exit', () => writeFileSync(output, script.createCachedData()));
await startOf(script, file)(argv);
