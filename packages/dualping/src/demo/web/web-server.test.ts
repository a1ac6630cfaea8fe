/** The page over HTTP: what it serves, what it refuses, and how it treats clients that misbehave. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { DualpingError } from '@dualping/core';
import { REGIONS, type Regions } from './regions.js';
import { type Press, WebServer } from './web-server.js';

const regions = (facts: Partial<Regions> = {}): Regions => ({
  ...(Object.fromEntries(REGIONS.map((name) => [name, `<p>${name}</p>`])) as unknown as Regions),
  ...facts,
});

async function open(context: TestContext) {
  const presses: Press[] = [];
  const onPress = (press: Press): void => {
    if (press.key === '!') throw new DualpingError('invalid-argument', '"!" is no key here');
    presses.push(press);
  };
  const web = await WebServer.listen({ host: '127.0.0.1', port: 0, onPress }, regions());
  context.after(() => web.close());
  return { web, presses, url: new URL(web.link) };
}

async function ask(url: URL, options: RequestOptions = {}, body = '') {
  const sent = request(url, { agent: false, ...options }).end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

const press = (url: URL, key: string, body: string, headers: Record<string, string> = {}) =>
  ask(
    new URL('/act', url),
    {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    },
    body,
  );

test('the document is complete, and may load nothing from elsewhere', async (context) => {
  const { url } = await open(context);
  const { status, headers, text } = await ask(url);
  assert.equal(status, 200);
  for (const name of REGIONS) assert.ok(text.includes(`<p>${name}</p>`), name);
  assert.doesNotMatch(text, /\ssrc=|https?:\/\/(?!www\.w3\.org\/2000\/svg)|@import|style="|\son[a-z]+="/);
  const policy = String(headers['content-security-policy']);
  assert.match(
    policy,
    /^default-src 'none'; script-src 'sha256-[^ ;]+'; style-src 'sha256-[^ ;]+'; connect-src 'self'/,
  );
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['access-control-allow-origin'], undefined);
});

test('a watcher gets changed regions, and the end', async (context) => {
  const { web, url } = await open(context);
  const watching = request(new URL('/live', url), { agent: false }).end();
  const [response] = (await once(watching, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  let text = '';
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(text)) text += String((await once(response, 'data'))[0]);
  };
  await until(/data: .*\n\n/);
  assert.deepEqual(JSON.parse(/data: (.*)\n/.exec(text)?.[1] ?? ''), { ...regions() });
  text = '';
  web.show(regions({ top: 'new' }));
  await until(/data: .*\n\n/);
  assert.equal(text, 'data: {"top":"new"}\n\n');
  text = '';
  void web.close();
  await until(/event: ended/);
});

test('a press with the key of the link arrives; without a press the answer only confirms the key', async (context) => {
  const { web, presses, url } = await open(context);
  assert.equal(web.ownLink, `${web.link}#${web.key}`);
  assert.equal((await press(url, web.key, '{"press":"x","victim":"c1/s2"}')).status, 204);
  assert.equal((await press(url, web.key, '{}')).status, 204);
  assert.deepEqual(presses, [{ key: 'x', victim: 'c1/s2' }]);
});

test('presses without the key are refused with a reason', async (context) => {
  const { web, presses, url } = await open(context);
  const body = '{"press":"x"}';
  const cases: readonly (readonly [number, Promise<{ status: number | undefined; text: string }>, RegExp])[] =
    [
      [403, press(url, 'wrong', body), /only the link that the demo has printed/],
      [403, ask(new URL('/act', url), { method: 'POST' }, body), /only the link that the demo has printed/],
      [403, press(url, web.key, body, { origin: 'http://evil.example' }), /on the page itself/],
      [403, press(url, web.key, body, { 'sec-fetch-site': 'cross-site' }), /on the page itself/],
      [421, press(url, web.key, body, { host: 'evil.example' }), /"evil\.example"/],
      [421, ask(url, { headers: { host: 'evil.example' } }), /"evil\.example"/],
      [415, press(url, web.key, body, { 'content-type': 'text/plain' }), /JSON/],
      [413, press(url, web.key, `{"press":"${'x'.repeat(1_000)}"}`), /at most 256 bytes/],
      [400, press(url, web.key, 'x'), /"x" is no press/],
      [400, press(url, web.key, '{"press":1}'), /is no press/],
      [400, press(url, web.key, 'null'), /is no press/],
      [400, press(url, web.key, '{"press":"x","victim":7}'), /is no press/],
      [400, press(url, web.key, '{"press":"!"}'), /"!" is no key here/],
      [404, ask(new URL('/etc/passwd', url)), /"GET \/etc\/passwd"/],
      [404, ask(new URL('/act', url)), /"GET \/act"/],
      [404, ask(url, { method: 'OPTIONS' }), /"OPTIONS \/"/],
    ];
  for (const [status, answer, said] of cases) {
    const { status: got, text } = await answer;
    assert.equal(got, status, text);
    assert.match(text, said);
  }
  assert.deepEqual(presses, []);
});

test('at most 200 watch, and one that leaves makes room', async (context) => {
  const { url } = await open(context);
  const watch = async () => {
    const sent = request(new URL('/live', url), { agent: false }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    response.on('error', () => {});
    sent.on('error', () => {});
    return { sent, status: response.statusCode };
  };
  const all = await Promise.all(Array.from({ length: 200 }, watch));
  assert.ok(all.every(({ status }) => status === 200));
  assert.equal((await watch()).status, 503);
  all[0]?.sent.destroy();
  let status: number | undefined;
  while (status !== 200) status = (await watch()).status;
  for (const { sent } of all) sent.destroy();
});

test('a watcher that does not read costs one message, and gets the newest state when it reads again', async (context) => {
  const { web, url } = await open(context);
  const socket = connect(Number(url.port), url.hostname);
  context.after(() => socket.destroy());
  await once(socket, 'connect');
  socket.pause();
  socket.write(`GET /live HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
  const before = process.memoryUsage().external + process.memoryUsage().heapUsed;
  const MEGABYTE = 1 << 20;
  for (let number = 0; number < 200; number += 1) {
    web.show(regions({ events: `${'e'.repeat(MEGABYTE)} ${number};` }));
    await new Promise(setImmediate);
  }
  const grown = process.memoryUsage().external + process.memoryUsage().heapUsed - before;
  assert.ok(grown < 100 * MEGABYTE, `${Math.round(grown / MEGABYTE)} MB more`);
  let text = '';
  socket.on('data', (chunk) => {
    text = (text + chunk).slice(-1_000);
  });
  socket.resume();
  while (!text.includes(' 199;')) {
    web.show(regions({ events: `${'e'.repeat(MEGABYTE)} 199;`, top: String(text.length) }));
    await new Promise(setImmediate);
  }
});

test('an address that is taken is quoted', async (context) => {
  const { url } = await open(context);
  const again = WebServer.listen({ host: '127.0.0.1', port: Number(url.port), onPress: () => {} }, regions());
  await assert.rejects(
    again,
    new RegExp(`cannot show the page at 127\\.0\\.0\\.1:${url.port}: .*EADDRINUSE`),
  );
});
