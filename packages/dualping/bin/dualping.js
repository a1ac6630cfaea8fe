#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { bundledPart } from './bundled.js';

// What grpc-js finds wrong with a call goes to stderr, each time and with the caller's bytes: a stranger could
// fill the log with it, and the screen of a client. Whoever wants to see it sets the variable.
if (process.env.GRPC_NODE_VERBOSITY === undefined) process.env.GRPC_VERBOSITY ??= 'NONE';

const MAIN = new URL('../dist/main.js', import.meta.url);

const argv = process.argv.slice(2);
const bundled = bundledPart(argv[0] ?? '');
if (bundled !== undefined) await bundled.start(argv);
else if (existsSync(MAIN)) {
  const { main } = await import(MAIN.href);
  await main(argv);
} else {
  // Right after a clone: the trace of a missing module would tell nobody what to do.
  console.error('dualping: not built yet: npm run build');
  process.exitCode = 1;
}
