/** The table of roles against the services in `protos`, so that a call without a role can't be added. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serverId } from '@dualping/core';
import { type Caller, callerText, isPermitted, RULES, rolesText } from './roles.js';

const PROTOS = fileURLToPath(new URL('../../../../protos', import.meta.url));
const NETWORK = '0f3c9a12bd77';

/** Paths of all calls that the protos define. */
function callsInProtos(): readonly string[] {
  const files = readdirSync(PROTOS, { recursive: true, encoding: 'utf8' }).filter(
    // What is in etcd's folder is asked of etcd, and served by no part.
    (name) => name.endsWith('.proto') && !name.startsWith('etcd'),
  );
  return files.flatMap((file) => {
    const text = readFileSync(`${PROTOS}/${file}`, 'utf8')
      .replace(/\/\/.*$/gm, '')
      .replace(/\/\*[\s\S]*?\*\//g, '');
    const pack = /^package ([\w.]+);/m.exec(text)?.[1];
    return [...text.matchAll(/\bservice\s+(\w+)\s*\{([\s\S]*?)\n\}/g)].flatMap(([, service, body = '']) =>
      [...body.matchAll(/\brpc\s+(\w+)/g)].map(([, call]) => `/${pack}.${service}/${call}`),
    );
  });
}

/** Reflection is also served under its former name. */
const V1_ALPHA = '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo';

test('every call of the protos has a role, and nothing else has', () => {
  const calls = [...callsInProtos(), V1_ALPHA].sort();
  assert.ok(calls.length > 30, `${calls.length} calls are in the protos`);
  assert.deepEqual(Object.keys(RULES).sort(), calls);
  for (const [path, { by }] of Object.entries(RULES)) assert.ok(by.length > 0, path);
});

const server = (cluster: number, id: number): Caller => ({
  kind: 'part',
  identity: { role: 'server', cluster, serverId: serverId(id), network: NETWORK },
});
const CALLERS: Readonly<Record<string, Caller>> = {
  itself: server(1, 1),
  peer: server(1, 2),
  'other cluster': server(2, 1),
  member: { kind: 'part', identity: { role: 'member', cluster: 1, serverId: serverId(1), network: NETWORK } },
  operator: { kind: 'part', identity: { role: 'operator', name: 'anna', network: NETWORK } },
  router: { kind: 'part', identity: { role: 'router', network: NETWORK } },
  stranger: { kind: 'stranger' },
  rejected: { kind: 'rejected', why: 'it has expired' },
  plaintext: { kind: 'plaintext', isClassic: false },
  classic: { kind: 'plaintext', isClassic: true },
};

const whoMay = (path: string): string[] => {
  const rule = RULES[path] ?? { by: [] };
  const identity = { role: 'server', cluster: 1, serverId: serverId(1), network: NETWORK } as const;
  return Object.keys(CALLERS).filter((name) => {
    const caller = CALLERS[name];
    return caller !== undefined && isPermitted(caller, rule, identity);
  });
};

test('each role admits the callers that it names, and no others', () => {
  const everyone = ['itself', 'peer', 'other cluster', 'member', 'operator', 'router', 'stranger'];
  assert.deepEqual(whoMay('/dualping.v1.SocialService/Post'), everyone);
  assert.deepEqual(whoMay('/grpc.health.v1.Health/Check'), everyone);
  assert.deepEqual(whoMay('/dualping.v1.ReplicationService/Replicate'), ['itself', 'peer']);
  assert.deepEqual(whoMay('/dualping.v1.ReplicationService/Tail'), ['itself', 'peer', 'other cluster']);
  assert.deepEqual(whoMay('/dualping.v1.SupervisionService/KeepAlive'), ['itself']);
  assert.deepEqual(whoMay('/dualping.v1.RoutingService/DualPing'), [
    'itself',
    'peer',
    'other cluster',
    'member',
  ]);
  assert.deepEqual(whoMay('/dualping.v1.AdminService/Promote'), ['operator']);
  assert.deepEqual(whoMay('/csce438.SNSService/Login'), ['classic']);
});

test('refusals name who was refused, and whom it is for', () => {
  assert.equal(rolesText({ by: ['server', 'member', 'operator'] }), 'servers, members and operators');
  assert.equal(rolesText({ by: ['operator'] }), 'operators');
  assert.deepEqual(Object.values(CALLERS).map(callerText), [
    'server 1 of cluster 1',
    'server 2 of cluster 1',
    'server 1 of cluster 2',
    'member 1 of cluster 1',
    'operator anna',
    'the router',
    'a client without a certificate',
    'a client that is not believed (it has expired)',
    'a client without TLS',
    'a client without TLS',
  ]);
});
