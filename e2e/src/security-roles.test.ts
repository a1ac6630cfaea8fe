/**
 * Everybody calls everything: each call of the protos at the real router and a real server, by each kind of
 * caller, is let in or refused as the table of roles says.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  DeviceKey,
  type Dialling,
  OWN_CONNECTION,
  PLAINTEXT,
  RULES,
  routingWire,
  TOKEN_KEY,
} from '@dualping/protocol';
import { Client, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { rawCall } from './raw-call.js';
import { member, OPERATOR, ROUTER, SecureCluster, server } from './secure-cluster.js';

/** Who comes, and which roles of the table that is at server 1 of cluster 1, or at the router. */
interface Visitor {
  readonly name: string;
  readonly dialling: Dialling;
  readonly roles: readonly string[];
  /** What the refusal calls them. */
  readonly text: RegExp;
  /** The token that they show with every call. */
  readonly token?: Buffer | undefined;
}

/** Of a session that asks for nothing. */
function tokenOf(authority: string | undefined, leftMs: number): Buffer {
  const claims = { user: 'mira', sessionId: 'of-mira', notAfterMs: Date.now() + leftMs };
  return DeviceKey.generate().sign(authority ?? '', claims);
}

const HOUR_MS = 3_600_000;
/** The hash of another network's key. */
const OTHER_NETWORK = 'A'.repeat(43);

const AT_ROUTER = /RoutingService|AdminService|CoordService|Health|ServerReflection/;
const AT_SERVER = /SocialService|ReplicationService|SupervisionService|SNSService|Health|ServerReflection/;
const WATCH = '/dualping.v1.RoutingService/Watch';

/** Empty, but where an empty one asks for what only few may know. */
const questionFor = (path: string): Buffer =>
  path === WATCH
    ? Buffer.from(
        routingWire.WatchRequest.encode({
          target: { $case: 'cluster', value: 1 },
          stats: false,
          services: false,
        }).finish(),
      )
    : Buffer.alloc(0);

const showing = (token: Buffer | undefined): Metadata => {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set(TOKEN_KEY, token);
  return metadata;
};

for (const classic of [false, true])
  describe(classic ? 'with the classic wire beside it' : 'without the classic wire', () => {
    let secure: SecureCluster;
    let visitors: readonly Visitor[] = [];

    before(async () => {
      secure = await SecureCluster.start({ servers: 2, classic });
      const anyone = ['anyone'];
      const visitor = (
        name: string,
        dialling: Dialling,
        roles: readonly string[],
        text: RegExp,
      ): Visitor => ({
        ...{ name, dialling, roles, text },
      });
      visitors = [
        visitor(
          'the server itself',
          secure.read(server(1)),
          [...anyone, 'server', 'peer', 'self'],
          /server 1 of cluster 1/,
        ),
        visitor('its peer', secure.read(server(2)), [...anyone, 'server', 'peer'], /server 2 of cluster 1/),
        visitor(
          'of another cluster',
          await secure.of(server(1, 2)),
          [...anyone, 'server'],
          /server 1 of cluster 2/,
        ),
        visitor('a member', await secure.of(member(9)), [...anyone, 'member'], /member 9 of cluster 1/),
        visitor('an operator', secure.read(OPERATOR), [...anyone, 'operator'], /operator anna/),
        visitor('the router', secure.read(ROUTER), anyone, /the router/),
        visitor('a user', secure.user, anyone, /a client without a certificate/),
        {
          ...visitor(
            'a user with a token',
            secure.user,
            [...anyone, 'user'],
            /a client without a certificate/,
          ),
          token: tokenOf(secure.user.authorityHashes[0], HOUR_MS),
        },
        {
          ...visitor('with a token that has run out', secure.user, anyone, /a client without a certificate/),
          token: tokenOf(secure.user.authorityHashes[0], -HOUR_MS),
        },
        {
          ...visitor(
            'with a token of another network',
            secure.user,
            anyone,
            /a client without a certificate/,
          ),
          token: tokenOf(OTHER_NETWORK, HOUR_MS),
        },
        visitor(
          'an expired operator',
          await secure.expired({ role: 'operator', name: 'old' }),
          [],
          /has expired/,
        ),
        visitor(
          'a revoked operator',
          await secure.revoked({ role: 'operator', name: 'gone' }),
          [],
          /was revoked/,
        ),
        visitor('of another network', await secure.foreign(OPERATOR), [], /was not made by network/),
        visitor('without TLS', PLAINTEXT, classic ? ['classic'] : [], /a client without TLS/),
      ];
      for (const process of [secure.cluster.router, secure.cluster.server(1), secure.cluster.server(2)])
        await process.line(/revoked: 1 certificates are revoked/);
    });
    after(async () => await secure.destroy());

    for (const [place, served] of [
      ['router', AT_ROUTER],
      ['server', AT_SERVER],
    ] as const)
      test(`every call of the ${place}, by every caller`, async () => {
        const address =
          place === 'router' ? secure.cluster.routerAddress : `127.0.0.1:${secure.cluster.portOf('s1')}`;
        const wrong: string[] = [];
        for (const { name, dialling, roles, text, token } of visitors) {
          const client = new Client(address, dialling.channel('part'), OWN_CONNECTION);
          for (const [path, { by }] of Object.entries(RULES).filter(([each]) => served.test(each))) {
            const expected = by.some(
              (role) => roles.includes(role) && !(place === 'router' && role === 'peer'),
            );
            const outcome = await rawCall(client, path, questionFor(path), showing(token));
            if ((outcome === 'in') !== expected)
              wrong.push(`${name}: ${path} is ${outcome === 'in' ? 'let in' : outcome.message}`);
            else if (outcome !== 'in')
              assertSays(outcome, path, text, {
                // Who is known, and shows no token, is still no user.
                isKnown: roles.includes('anyone') && !/client/.test(text.source) && !by.includes('user'),
                isLate: by.includes('user') && name.includes('has run out'),
              });
          }
          client.close();
        }
        assert.deepEqual(wrong, []);
      });
  });

/** A refusal names the caller and the call, and its status shows whether the caller is authenticated. */
function assertSays(
  { code, details, metadata }: ServiceError,
  path: string,
  text: RegExp,
  { isKnown, isLate }: { readonly isKnown: boolean; readonly isLate: boolean },
): void {
  assert.match(details, text);
  assert.ok(details.includes(`may not call ${path.slice(1)}: `), details);
  assert.equal(code, isKnown ? status.PERMISSION_DENIED : status.UNAUTHENTICATED, details);
  const known = isKnown ? 'permission-denied' : 'unauthenticated';
  assert.deepEqual(metadata.get('dualping-reason'), [isLate ? 'token-expired' : known]);
}
