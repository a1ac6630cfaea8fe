#!/usr/bin/env node
import { existsSync } from 'node:fs';

const MAIN = new URL('../dist/main.js', import.meta.url);

if (existsSync(MAIN)) {
  const { main } = await import(MAIN.href);
  await main(process.argv.slice(2));
} else {
  // Right after a clone: the trace of a missing module would tell nobody what to do.
  console.error('dualping: not built yet: npm run build');
  process.exitCode = 1;
}
