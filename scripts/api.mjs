// The interface of @dualping/client, as its declarations say it: every name that is exported, or that an exported
// signature names, has to be there, and every export, method and property of a class has to be explained.
//
//   node scripts/api.mjs [--into FOLDER]      after tsc -b; --into: also writes client.api.md, the whole interface
//                                             on one page, and client.api.json, from which api-documenter makes pages
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { commandLine } from './arguments.mjs';

const PACKAGE = fileURLToPath(new URL('../packages/client', import.meta.url));
const ENTRY = join(PACKAGE, 'dist/index.d.ts');
/** Packages of ours whose declarations are part of it; from others it only passes names on. */
const PARTS = ['@dualping/core', '@dualping/protocol', '@dualping/runtime'];
/**
 * What has to be explained. Fields of plain data often say it by their names, and are explained where they
 * don't.
 */
const EXPLAINED = [
  'Class',
  'Enum',
  'Function',
  'Interface',
  'Method',
  'MethodSignature',
  'Property',
  'TypeAlias',
  'Variable',
];

/** Named by exported types, and of no use by themselves: the brand of numbers, and the list behind `Reason`. */
const INTERNAL = ['Brand', 'REASONS'];

const { values } = commandLine('usage: node scripts/api.mjs [--into FOLDER]', {
  options: { into: { type: 'string' } },
});
const folder =
  values.into === undefined ? mkdtempSync(join(tmpdir(), 'dualping-api-')) : resolve(values.into);
mkdirSync(folder, { recursive: true });
try {
  const problems = [...objections(), ...unexplained()];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else
    console.log(
      `the interface of @dualping/client is whole and explained${values.into === undefined ? '' : `: ${folder}`}`,
    );
} finally {
  if (values.into === undefined) rmSync(folder, { recursive: true });
}

/** Writes the interface into the folder. Yields what the extractor objects to. */
function* objections() {
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: PACKAGE,
      mainEntryPointFilePath: ENTRY,
      bundledPackages: PARTS,
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: 'nodenext',
            target: 'es2022',
            lib: ['es2023', 'esnext.disposable'],
            strict: true,
            skipLibCheck: true,
            types: ['node'],
          },
          files: [ENTRY],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: 'client.api.md',
        reportFolder: folder,
        reportTempFolder: folder,
      },
      docModel: { enabled: true, apiJsonFilePath: join(folder, 'client.api.json') },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'error' } },
        // We have one kind of release, and write comments for people.
        extractorMessageReporting: {
          default: { logLevel: 'error' },
          'ae-missing-release-tag': { logLevel: 'none' },
          'ae-undocumented': { logLevel: 'none' },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
    packageJsonFullPath: join(PACKAGE, 'package.json'),
  });
  const found = [];
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true;
      const isInternal = INTERNAL.some((name) => message.text.startsWith(`The symbol "${name}" `));
      if (message.logLevel === 'error' && !isInternal)
        found.push(`${message.sourceFilePath ?? ''}: ${message.text}`);
    },
  });
  yield* found;
}

function* unexplained(item = JSON.parse(readFileSync(join(folder, 'client.api.json'), 'utf8')), path = []) {
  const names = item.kind === 'Package' || item.kind === 'EntryPoint' ? path : [...path, item.name];
  if (EXPLAINED.includes(item.kind) && item.docComment === '') yield `${names.join('.')} is not explained`;
  for (const member of item.members ?? []) yield* unexplained(member, names);
}
