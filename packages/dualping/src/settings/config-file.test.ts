import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError } from '@dualping/core';
import { parseConfig, readConfigFile } from './config-file.js';

const KNOWN = new Map([
  ['up', new Set(['data', 'servers', 'deadAfterMs'])],
  ['server', new Set(['data', 'routers', 'json'])],
]);

const read = (content: unknown, command = 'server') =>
  parseConfig('c.json', JSON.stringify(content), command, KNOWN);
const refused = (content: unknown, pattern: RegExp) =>
  assert.throws(
    () => read(content),
    (error) => error instanceof DualpingError && pattern.test(error.detail) && /"c\.json"/.test(error.detail),
  );

test("the top is for every command, a command's own object is stronger", () => {
  const content = {
    data: 'here',
    servers: 4,
    server: { data: 'there', json: true },
    up: { deadAfterMs: 300 },
  };
  assert.deepEqual(read(content), { data: 'there', json: 'true' });
  assert.deepEqual(read(content, 'up'), { data: 'here', servers: '4', deadAfterMs: '300' });
  assert.deepEqual(read({ routers: ['a:1', 'b:2'] }), { routers: 'a:1,b:2' });
});

test('an unknown key is refused, also for another command', () => {
  refused({ date: 'x' }, /"date" is neither a setting nor a command/);
  refused({ up: { routers: 'a:1' } }, /"up\.routers" is not a setting of up/);
  refused({ up: 3 }, /"up" must be an object/);
  refused({ data: { deep: 1 } }, /"data" is "\{\\"deep\\":1\}": give text/);
  refused([], /must be a JSON object/);
});

test('a file may begin with a byte order mark', () => {
  assert.deepEqual(parseConfig('c.json', '\uFEFF{ "data": "here" }', 'up', KNOWN), { data: 'here' });
});

test('a file that is missing or no JSON is quoted', () => {
  assert.throws(() => parseConfig('c.json', '{', 'up', KNOWN), /config file "c.json" is not JSON/);
  assert.throws(
    () => readConfigFile('no/such.json', 'up', KNOWN),
    /config file "no\/such.json" cannot be read/,
  );
});
