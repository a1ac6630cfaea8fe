import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError } from '@dualping/core';
import { Option } from 'commander';
import { COMMANDS } from '../commands/index.js';
import * as definitions from './definitions.js';
import { describe, flagOf, resolveSettings, type Sources } from './setting.js';

const NOTHING: Sources = { flags: {}, environment: {}, file: undefined };
const SETTINGS = { servers: definitions.servers, routers: definitions.routers, json: definitions.json };

const refused = (sources: Sources, pattern: RegExp) =>
  assert.throws(
    () => resolveSettings({ ...SETTINGS, id: definitions.serverId, user: definitions.user }, sources),
    (error) => error instanceof DualpingError && pattern.test(error.detail),
  );

test('a flag is stronger than a variable, a variable than the file, the file than the default', () => {
  const file = { path: 'c.json', values: { servers: '4' } };
  const environment = { DUALPING_SERVERS: '5' };
  const flags = { servers: '6' };
  const servers = (sources: Partial<Sources>) =>
    resolveSettings(SETTINGS, { ...NOTHING, ...sources }).servers;
  assert.equal(servers({}), 3);
  assert.equal(servers({ file }), 4);
  assert.equal(servers({ file, environment }), 5);
  assert.equal(servers({ file, environment, flags }), 6);
  assert.equal(servers({ file, environment: { DUALPING_SERVERS: '' } }), 4);
});

test('values are checked and frozen', () => {
  const values = resolveSettings(SETTINGS, {
    ...NOTHING,
    flags: { routers: 'a:1, [::1]:2', json: 'true' },
  });
  assert.deepEqual(values, { servers: 3, routers: ['a:1', '[::1]:2'], json: true });
  assert.ok(Object.isFrozen(values));
});

test('a wrong value is quoted with the place it came from', () => {
  refused({ ...NOTHING, flags: { servers: '1e3' } }, /--servers is "1e3": give a whole number from 1 to 64/);
  refused(
    { ...NOTHING, environment: { DUALPING_ROUTERS: 'here' } },
    /DUALPING_ROUTERS is "here": address "here"/,
  );
  refused(
    { ...NOTHING, file: { path: 'c.json', values: { json: 'maybe' } } },
    /json in "c.json" is "maybe": give true or false/,
  );
  refused({ ...NOTHING, flags: { id: '1', user: 'a b' } }, /--user is "a b": user name "a b" may only have/);
});

test('an option whose value is missing does not take the next option for it', () => {
  refused(
    { ...NOTHING, flags: { id: '1', user: '--json' } },
    /^--user is "--json": that is an option, and the value of --user is missing$/,
  );
  refused({ ...NOTHING, flags: { id: '--help' } }, /^--id is "--help": that is an option/);
  // Elsewhere no option can be meant.
  refused(
    { ...NOTHING, flags: { id: '1' }, environment: { DUALPING_ROUTERS: '--json' } },
    /address "--json"/,
  );
  const settings = { user: definitions.user };
  assert.equal(resolveSettings(settings, { ...NOTHING, flags: { user: '--mira' } }).user, '--mira');
});

test('each option of each command is read under the name that commander gives it', () => {
  for (const { name, settings } of COMMANDS)
    for (const setting of Object.values(settings)) {
      const option = new Option(flagOf(setting));
      const key = option.negate ? setting.key : option.attributeName();
      assert.equal(key, setting.key, `dualping ${name} ignores ${flagOf(setting)}`);
    }
});

test('a missing required setting is named', () => {
  refused(NOTHING, /--id \(or DUALPING_ID\) is missing: permanent number/);
});

test('help has unit, default and variable', () => {
  assert.equal(
    describe(definitions.timing.deadAfterMs),
    'silence after which a server is given up, at least 3 pings (ms; default 500; DUALPING_DEAD_AFTER_MS)',
  );
  assert.equal(describe(definitions.json), 'print JSON for programs, one object a line (DUALPING_JSON)');
  assert.match(describe(definitions.serverId), /must be given; DUALPING_ID/);
});
