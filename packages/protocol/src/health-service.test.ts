/** All of `grpc.health.v1.Health`, as a standard client sees it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ClientReadableStream, credentials, type ServiceError, status } from '@grpc/grpc-js';
import {
  type HealthCheckResponse,
  HealthClient,
  type HealthListResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from './gen/grpc/health/v1/health.js';
import { MAX_HEALTH_WATCHERS } from './health-service.js';
import {
  addHealthAndReflection,
  CHANNEL_OPTIONS,
  createGrpcServer,
  type HealthHandle,
  listen,
} from './serve.js';

const SERVICE = 'dualping.v1.SocialService';
const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus;

async function serve(context: TestContext): Promise<{ client: HealthClient; health: HealthHandle }> {
  const server = createGrpcServer();
  const health = addHealthAndReflection(server, [SERVICE]);
  const address = await listen(server, '127.0.0.1', 0);
  const client = new HealthClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
  context.after(() => {
    client.close();
    server.forceShutdown();
  });
  return { client, health };
}

class Watch {
  readonly heard: ServingStatus[] = [];
  readonly call: ClientReadableStream<HealthCheckResponse>;
  readonly failed: Promise<ServiceError>;
  #look: () => void = () => {};

  constructor(client: HealthClient, service: string) {
    this.call = client.watch({ service });
    this.failed = new Promise((resolve) => this.call.on('error', resolve));
    this.call.on('data', (response: HealthCheckResponse) => {
      this.heard.push(response.status);
      this.#look();
    });
  }

  until(isSo: (heard: readonly ServingStatus[]) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (isSo(this.heard)) resolve();
      };
      this.#look();
    });
  }

  count = (count: number): Promise<void> => this.until((heard) => heard.length >= count);
}

test('a watch says at once how its service is, then each change, and nothing that is no change', async (context) => {
  const { client, health } = await serve(context);
  const service = new Watch(client, SERVICE);
  const whole = new Watch(client, '');
  await Promise.all([service.count(1), whole.count(1)]);
  for (const serving of [true, false, false, false, true]) health.setServing(serving, SERVICE);
  health.setServing(false);
  await Promise.all([service.count(3), whole.count(2)]);
  assert.deepEqual(service.heard, [SERVING, NOT_SERVING, SERVING]);
  assert.deepEqual(whole.heard, [SERVING, NOT_SERVING]);
});

test('a watch of an unknown service reports that, and reports the service when it appears', async (context) => {
  const { client, health } = await serve(context);
  const watch = new Watch(client, 'late.Service');
  await watch.count(1);
  health.setServing(false, 'late.Service');
  await watch.count(2);
  assert.deepEqual(watch.heard, [SERVICE_UNKNOWN, NOT_SERVING]);
});

test('a slow reader gets the last state, and not all states in between', async (context) => {
  const { client, health } = await serve(context);
  const watch = new Watch(client, SERVICE);
  await watch.count(1);
  const changes = 1_001;
  for (let change = 1; change <= changes; change += 1) health.setServing(change % 2 === 0, SERVICE);
  await watch.until((heard) => heard.length > 16 && heard.at(-1) === NOT_SERVING);
  assert.ok(watch.heard.length < 100, `${watch.heard.length} of ${changes} changes were kept for it`);
});

test('so many may watch and no more, and each that leaves makes room', async (context) => {
  const { client } = await serve(context);
  const watches = Array.from({ length: MAX_HEALTH_WATCHERS }, () => new Watch(client, SERVICE));
  await Promise.all(watches.map((watch) => watch.count(1)));
  const { code, details } = await new Watch(client, SERVICE).failed;
  assert.deepEqual(
    [code, details],
    [status.RESOURCE_EXHAUSTED, `${MAX_HEALTH_WATCHERS} are watching already`],
  );
  for (const watch of watches) watch.call.cancel();
  // The server notices only later that they have left.
  for (;;) {
    const watch = new Watch(client, SERVICE);
    const outcome = await Promise.race([watch.count(1), watch.failed]);
    if (outcome === undefined) break;
    assert.equal(outcome.code, status.RESOURCE_EXHAUSTED);
  }
});

test('a check of an unknown service is NOT_FOUND, and a list has all services', async (context) => {
  const { client, health } = await serve(context);
  const refused = await new Promise<ServiceError | null>((resolve) =>
    client.check({ service: 'no.such.Service' }, (error) => resolve(error)),
  );
  assert.deepEqual(
    [refused?.code, refused?.details],
    [status.NOT_FOUND, 'there is no service "no.such.Service"'],
  );
  health.setServing(false, SERVICE);
  const listed = await new Promise<HealthListResponse>((resolve, reject) =>
    client.list({}, (error, response) => (error === null ? resolve(response) : reject(error))),
  );
  assert.deepEqual(listed.statuses, { '': { status: SERVING }, [SERVICE]: { status: NOT_SERVING } });
});

test('a process that shuts down reports that for each of its services, also to watches', async (context) => {
  const { client, health } = await serve(context);
  const watches = ['', SERVICE].map((service) => new Watch(client, service));
  for (const watch of watches) await watch.until((heard) => heard.length === 1);
  health.shutDown();
  for (const watch of watches) {
    await watch.until((heard) => heard.length === 2);
    assert.deepEqual(watch.heard, [SERVING, NOT_SERVING]);
    watch.call.cancel();
  }
});
