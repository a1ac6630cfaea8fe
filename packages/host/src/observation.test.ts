import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { countEvents, type Observation, observe, type Sample } from './observation.js';

const METRICS = {
  test_depth: { help: 'How deep', type: 'gauge', labels: ['pool'] },
  test_dives_total: { help: 'How often', type: 'counter', labels: [] },
} as const;
type Name = keyof typeof METRICS;
const LOOPBACK = { host: '127.0.0.1', port: 0 };

interface Observing {
  readonly observation: Observation;
  samples: Sample<Name>[];
  whyNotReady: string | undefined;
  get(path: string, method?: string): Promise<{ status: number; text: string; type: string | null }>;
}

async function observing(context: TestContext): Promise<Observing> {
  const it: Observing = {
    samples: [],
    whyNotReady: undefined,
    observation: await observe<Name>(LOOPBACK, {
      metrics: METRICS,
      read: () => it.samples,
      probes: { '/readyz': () => it.whyNotReady },
    }),
    get: async (path, method = 'GET') => {
      const response = await fetch(`http://127.0.0.1:${it.observation.port}${path}`, { method });
      const type = response.headers.get('content-type');
      return { status: response.status, text: await response.text(), type };
    },
  };
  context.after(() => it.observation.close());
  return it;
}

test('samples have the values of the moment of the request, and removed ones are not reported', async (context) => {
  const it = await observing(context);
  it.samples = [
    { name: 'test_depth', labels: { pool: 'a"b' }, value: 3 },
    { name: 'test_depth', labels: { pool: 'c' }, value: 4 },
    { name: 'test_dives_total', labels: {}, value: 7 },
  ];
  const first = await it.get('/metrics');
  assert.equal(first.status, 200);
  assert.match(first.type ?? '', /^text\/plain; version=0\.0\.4/);
  for (const line of [
    '# HELP test_depth How deep',
    '# TYPE test_depth gauge',
    'test_depth{pool="a\\"b"} 3',
    'test_depth{pool="c"} 4',
    '# TYPE test_dives_total counter',
    'test_dives_total 7',
  ])
    assert.ok(first.text.split('\n').includes(line), line);
  assert.match(first.text, /^process_resident_memory_bytes [0-9]+$/m);
  it.samples = [{ name: 'test_depth', labels: { pool: 'c' }, value: 5 }];
  const { text } = await it.get('/metrics?now');
  assert.deepEqual(text.match(/^test_depth.*$/gm), ['test_depth{pool="c"} 5']);
});

test('a probe is answered by its status, and says why not', async (context) => {
  const it = await observing(context);
  assert.deepEqual([(await it.get('/readyz')).status, (await it.get('/readyz')).text], [200, 'yes\n']);
  it.whyNotReady = 'no router hears it';
  assert.deepEqual(
    [(await it.get('/readyz')).status, (await it.get('/readyz')).text],
    [503, 'no: no router hears it\n'],
  );
  assert.deepEqual([(await it.get('/readyz', 'HEAD')).text, (await it.get('/nothing')).status], ['', 404]);
  assert.equal((await it.get('/toString')).status, 404);
  assert.equal((await it.get('/metrics', 'POST')).status, 405);
});

test('what can not be read is an error of that request only', async (context) => {
  const it = await observing(context);
  it.samples = [{ name: 'test_depth', labels: { ocean: 1 }, value: 3 }];
  assert.equal((await it.get('/metrics')).status, 500);
  it.samples = [];
  assert.equal((await it.get('/metrics')).status, 200);
});

test('an address that is taken is quoted', async (context) => {
  const { observation } = await observing(context);
  const taken = { host: '127.0.0.1', port: observation.port };
  await assert.rejects(observe(taken, { metrics: {}, read: () => [], probes: {} }), {
    reason: 'invalid-argument',
    message: new RegExp(`"127.0.0.1:${observation.port}"`),
  });
});

test('events are counted by name, and passed on', () => {
  const told: string[] = [];
  const { report, counts } = countEvents(({ text }) => told.push(text));
  for (const text of ['a', 'b']) report({ part: 'router', event: 'dropped', text });
  report({ part: 'router', event: 'promoted', text: 'c' });
  assert.deepEqual(
    [...counts],
    [
      ['dropped', 2],
      ['promoted', 1],
    ],
  );
  assert.deepEqual(told, ['a', 'b', 'c']);
});
