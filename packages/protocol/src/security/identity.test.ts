import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverId } from '@dualping/core';
import fc from 'fast-check';
import {
  type Identity,
  identityHost,
  identityIn,
  identityUri,
  networkIn,
  networkUri,
  partText,
} from './identity.js';

const NETWORK = '0f3c9a12bd77';
const PARTS: readonly Identity[] = [
  { role: 'router', network: NETWORK },
  { role: 'server', cluster: 1, serverId: serverId(2), network: NETWORK },
  { role: 'member', cluster: 7, serverId: serverId(11), network: NETWORK },
  { role: 'member', cluster: 'orders-eu_2', serverId: serverId(3), network: NETWORK },
  { role: 'operator', name: 'anna_B-2', network: NETWORK },
];

test('what a certificate says of a part is read back, whatever else it says', () => {
  for (const identity of PARTS) {
    const uri = `URI:${identityUri(identity)}`;
    assert.deepEqual(identityIn(uri), identity);
    assert.deepEqual(identityIn(`DNS:${identityHost(identity)}, ${uri}, IP Address:10.0.0.1`), identity);
    assert.equal(networkIn(uri), undefined);
  }
  assert.equal(networkIn(`URI:${networkUri(NETWORK)}`), NETWORK);
  assert.equal(identityIn(`URI:${networkUri(NETWORK)}`), undefined);
  assert.deepEqual(PARTS.map(partText), [
    'the router',
    'server 2 of cluster 1',
    'member 11 of cluster 7',
    'member 3 of service orders-eu_2',
    'operator anna_B-2',
  ]);
});

test('a certificate that names no part, or two, identifies no caller', () => {
  const refused = [
    undefined,
    '',
    'DNS:router.0f3c9a12bd77.dualping.internal',
    'URI:https://example.org/router',
    'URI:dualping://0f3c9a12bd77',
    'URI:dualping://0f3c9a12bd77/',
    'URI:dualping://0f3c9a12bd77/router/1',
    'URI:dualping://0F3C9A12BD77/router',
    'URI:dualping://0f3c9a12bd7/router',
    'URI:dualping://0f3c9a12bd77/server',
    'URI:dualping://0f3c9a12bd77/server/1',
    'URI:dualping://0f3c9a12bd77/server/0/1',
    'URI:dualping://0f3c9a12bd77/server/01/1',
    'URI:dualping://0f3c9a12bd77/server/1/2/3',
    'URI:dualping://0f3c9a12bd77/server/1/99999999999',
    'URI:dualping://0f3c9a12bd77/server/1/2147483648',
    'URI:dualping://0f3c9a12bd77/server/orders/1',
    'URI:dualping://0f3c9a12bd77/member/Orders/1',
    'URI:dualping://0f3c9a12bd77/member/10001/1',
    'URI:dualping://0f3c9a12bd77/operator/',
    'URI:dualping://0f3c9a12bd77/operator/a/b',
    `URI:dualping://0f3c9a12bd77/operator/${'a'.repeat(33)}`,
    'URI:"dualping://0f3c9a12bd77/router"',
    'URI:dualping://0f3c9a12bd77/router, URI:dualping://0f3c9a12bd77/operator/anna',
    'othername:URI:dualping://0f3c9a12bd77/router',
  ];
  for (const text of refused) assert.equal(identityIn(text), undefined, String(text));
});

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      identityIn(text);
      identityIn(`URI:dualping://${text}`);
      networkIn(`URI:dualping://${NETWORK}/${text}`);
    }),
  );
});
