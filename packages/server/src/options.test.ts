import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { parseServerOptions, type ServerOptions } from './options.js';

const GIVEN: ServerOptions = { dataFolder: 'data', serverId: 1, routers: ['127.0.0.1:7070'] };

test('missing options have defaults', () => {
  const { host, port, cluster, advertiseHost } = parseServerOptions(GIVEN);
  assert.deepEqual(
    { host, port, cluster, advertiseHost },
    { host: '127.0.0.1', port: 0, cluster: 1, advertiseHost: '127.0.0.1' },
  );
});

test("a server that listens on all addresses announces its machine's name, or the given one", () => {
  assert.equal(parseServerOptions({ ...GIVEN, host: '0.0.0.0' }).advertiseHost, hostname());
  assert.equal(
    parseServerOptions({ ...GIVEN, host: '::', advertiseHost: 'db.example' }).advertiseHost,
    'db.example',
  );
});

test('invalid values are quoted', () => {
  const cases: readonly (readonly [Partial<ServerOptions>, RegExp])[] = [
    [{ dataFolder: '' }, /data folder is missing/],
    [{ serverId: 0 }, /server id is "0"/],
    [{ serverId: 2 ** 31 }, /server id is "2147483648"/],
    [{ cluster: 1.5 }, /cluster is "1.5"/],
    [{ routers: [] }, /router is missing/],
    [{ routers: ['127.0.0.1'] }, /"127.0.0.1"/],
    [{ routers: ['127.0.0.1:99999'] }, /99999/],
    [{ advertiseHost: '0.0.0.0' }, /"0.0.0.0" can't be dialled/],
    [{ advertise: '0.0.0.0:7071' }, /"0.0.0.0:7071" can't be dialled/],
    [{ advertise: 'db.example' }, /"db.example"/],
  ];
  for (const [wrong, said] of cases) assert.throws(() => parseServerOptions({ ...GIVEN, ...wrong }), said);
});
