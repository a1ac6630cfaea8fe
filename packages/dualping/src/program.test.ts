/** The command line, with a command that only reports its values. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DualpingError, VERSION } from '@dualping/core';
import { command } from './command.js';
import { COMMANDS } from './commands/index.js';
import type { Io } from './io.js';
import { runProgram } from './program.js';
import * as definitions from './settings/definitions.js';
import { flagOf, STRENGTH, variableOf } from './settings/setting.js';

const TELL = command({
  name: 'tell',
  summary: 'tells',
  args: [{ name: 'text', help: 'a text' }],
  settings: { servers: definitions.servers, port: definitions.routerPort, json: definitions.json },
  run: async (values, { args, io, isGiven }) => {
    if (args[0] === 'fail') throw new DualpingError('unknown-target', 'there is no "x\x1b"');
    io.out(JSON.stringify({ ...values, args, portGiven: isGiven('port') }));
    return 0;
  },
});

async function run(argv: readonly string[], environment: Record<string, string> = {}, commands = [TELL]) {
  const out: string[] = [];
  const notes: string[] = [];
  const io: Io = {
    out: (line) => out.push(line),
    note: (line) => notes.push(line),
    report: () => {},
    interactive: false,
    input: process.stdin,
    output: process.stdout,
  };
  const exitCode = await runProgram(argv, commands, environment, io);
  return { exitCode, out: out.join('\n'), notes: notes.join('\n') };
}

function configFile(context: TestContext, content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-config-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'c.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

test('flags, variables and the file reach the command', async (context) => {
  const config = configFile(context, { servers: 5, tell: { port: 7171 } });
  const { exitCode, out } = await run(['tell', 'x', '--json', '--config', config], { DUALPING_SERVERS: '4' });
  assert.equal(exitCode, 0);
  assert.deepEqual(JSON.parse(out), { servers: 4, port: 7171, json: true, args: ['x'], portGiven: true });
  const plain = await run(['tell', 'x'], { DUALPING_CONFIG: config });
  assert.deepEqual(JSON.parse(plain.out), {
    servers: 5,
    port: 7171,
    json: false,
    args: ['x'],
    portGiven: true,
  });
  assert.equal(JSON.parse((await run(['tell', 'x'])).out).portGiven, false);
});

test('of two settings that exclude one another the stronger source is known', async (context) => {
  const strengths: [servers: number, port: number][] = [];
  const compare = command({
    name: 'compare',
    summary: 'compares',
    settings: { servers: definitions.servers, port: definitions.routerPort },
    run: async (_values, { strengthOf }) => {
      strengths.push([strengthOf('servers'), strengthOf('port')]);
      return 0;
    },
  });
  const config = configFile(context, { port: 7171 });
  await run(['compare', '--servers', '4'], { DUALPING_PORT: '7171' }, [compare]);
  await run(['compare', '--config', config], { DUALPING_SERVERS: '4' }, [compare]);
  await run(['compare', '--config', config], {}, [compare]);
  assert.deepEqual(strengths, [
    [STRENGTH.flag, STRENGTH.variable],
    [STRENGTH.variable, STRENGTH.file],
    [STRENGTH.none, STRENGTH.file],
  ]);
});

test('wrong usage is exit code 2, with the wrong part quoted', async (context) => {
  for (const [argv, pattern] of [
    [['tell', 'x', '--servers', 'many'], /--servers is "many": give a whole number/],
    [['tell', 'x', '--nonsense'], /unknown option '--nonsense'/],
    [['tell'], /missing required argument 'text'/],
    [['tell', 'x', 'y'], /too many arguments/],
    [['shout'], /unknown command 'shout'/],
    [
      ['tell', 'x', '--config', configFile(context, { sevrers: 3 })],
      /"sevrers" is neither a setting nor a command/,
    ],
  ] as const) {
    const { exitCode, notes } = await run(argv);
    assert.equal(exitCode, 2, argv.join(' '));
    assert.match(notes, pattern);
  }
});

test('a variable that no command has is refused with the nearest name, one of another command is not', async () => {
  const { exitCode, notes } = await run(['tell', 'x'], { DUALPING_SERVRES: '4' });
  assert.equal(exitCode, 2);
  assert.match(notes, /no command has a variable "DUALPING_SERVRES": is DUALPING_SERVERS meant\?/);
  const other = command({
    name: 'other',
    summary: '',
    settings: { id: definitions.serverId },
    run: async () => 0,
  });
  assert.equal((await run(['tell', 'x'], { DUALPING_ID: '1' }, [TELL, other])).exitCode, 0);
});

test('lines for the operator are JSON with --log-format json, and JSON lines stay unchanged', async () => {
  const say = command({
    name: 'say',
    summary: 'says',
    settings: { logFormat: definitions.logFormat, json: definitions.json },
    run: async ({ json }, { io }) => {
      io.report({ timeMs: 0, part: 'router', event: 'promoted', text: 's2' });
      io.note('a warning');
      io.note('{"time":"then"}');
      if (json) throw new DualpingError('invalid-argument', 'no');
      return 0;
    },
  });
  const text = await run(['say'], {}, [say]);
  assert.deepEqual(text.notes.split('\n'), ['a warning', '{"time":"then"}']);
  const { notes } = await run(['say', '--json'], { DUALPING_LOG_FORMAT: 'json' }, [say]);
  const [event, warning, passedOn, error] = notes.split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(event, {
    time: '1970-01-01T00:00:00.000Z',
    part: 'router',
    event: 'promoted',
    text: 's2',
  });
  assert.deepEqual(
    { ...warning, time: '' },
    { time: '', part: 'dualping', event: 'note', text: 'a warning' },
  );
  assert.deepEqual(passedOn, { time: 'then' });
  assert.deepEqual(error, { error: { reason: 'invalid-argument', detail: 'no' } });
});

test('a refusal is exit code 1, as text or as JSON, without control characters', async () => {
  const words = await run(['tell', 'fail']);
  assert.equal(words.exitCode, 1);
  assert.equal(words.notes, 'dualping: there is no "x\ufffd" (unknown-target)');
  const json = await run(['tell', 'fail', '--json']);
  assert.deepEqual(JSON.parse(json.notes), {
    error: { reason: 'unknown-target', detail: 'there is no "x\x1b"' },
  });
});

test("help has the csce438 family's own defaults", async () => {
  const { out } = await run(['coordinator', '--help'], {}, [...COMMANDS]);
  assert.match(out.replace(/\s+/g, ' '), /data folder \(default 3; DUALPING_CLUSTERS\)/);
});

test('every option of every command has help with its variable, and help is no error', async () => {
  assert.equal((await run(['--help'], {}, [...COMMANDS])).exitCode, 0);
  for (const { group, name, settings } of COMMANDS) {
    const { exitCode, out } = await run([...(group?.split(' ') ?? []), name, '--help'], {}, [...COMMANDS]);
    assert.equal(exitCode, 0);
    for (const setting of Object.values(settings))
      for (const part of [flagOf(setting), variableOf(setting)])
        assert.ok(out.includes(part), `${name}: ${part}`);
  }
});

test('`--no-…` overrides a variable', async () => {
  const supervised = command({
    name: 'tell',
    summary: 'tells',
    settings: { supervised: definitions.supervised, noSupervise: definitions.noSupervise },
    run: async (values, { io }) => {
      io.out(JSON.stringify(values));
      return 0;
    },
  });
  const told = async (argv: readonly string[], environment: Record<string, string> = {}) =>
    JSON.parse((await run(['tell', ...argv], environment, [supervised])).out);
  assert.deepEqual(await told([]), { supervised: false, noSupervise: false });
  assert.deepEqual(await told(['--no-supervise', '--supervised']), { supervised: true, noSupervise: true });
  assert.deepEqual(await told(['--no-supervise'], { DUALPING_SUPERVISED: 'yes' }), {
    supervised: true,
    noSupervise: true,
  });
  assert.deepEqual(await told([], { DUALPING_NO_SUPERVISE: '1' }), { supervised: false, noSupervise: true });
});

test('the version that members say is that of the package', () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  assert.equal(VERSION, manifest.version);
});
