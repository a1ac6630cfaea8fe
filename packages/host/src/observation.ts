/**
 * Serves a process's metrics in the text format of Prometheus over HTTP, and answers probes and load
 * balancers.
 *
 * Samples are read when a request comes; only operator's events are counted as they happen. When a member is
 * gone, the next page has no samples of it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DualpingError, quote } from '@dualping/core';
import type { Counter, Gauge, Registry } from 'prom-client';
import type { Report } from './operator-events.js';

/** A monitoring program asks every few seconds, over one or two connections. */
const MAX_CONNECTIONS = 64;
/** How long a request may take to arrive, ms. */
const REQUEST_TIMEOUT_MS = 5_000;

export interface Metric {
  /** For people: what it means, with its unit. */
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly labels: readonly string[];
}

export interface Sample<Name extends string> {
  readonly name: Name;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface Observed<Name extends string> {
  readonly metrics: Readonly<Record<Name, Metric>>;
  /** The present values. */
  read(): readonly Sample<Name>[];
  /** By path, such as `/readyz`: undefined means yes, a text says why not. */
  readonly probes: Readonly<Record<string, () => string | undefined>>;
}

export interface Observation {
  /** Where it listens. */
  readonly port: number;
  close(): void;
}

/** @throws DualpingError `invalid-argument`, quoting an address at which it can't listen */
export async function observe<Name extends string>(
  { host, port }: { readonly host: string; readonly port: number },
  observed: Observed<Name>,
): Promise<Observation> {
  const text = await metricsText(observed);
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
    (request, response) => void answer(request, response, observed.probes, text),
  );
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const detail = `cannot listen for metrics at ${quote(`${host}:${port}`)}: ${error.message}`;
      reject(new DualpingError('invalid-argument', detail, { cause: error }));
    });
    server.listen({ host, port, exclusive: true }, resolve);
  });
  server.unref(); // it alone does not keep the process alive
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** @returns a function that renders the present values */
async function metricsText<Name extends string>({
  metrics,
  read,
}: Observed<Name>): Promise<{ readonly type: string; page(): Promise<string> }> {
  // Loaded only here: short commands must not spend time on code that they don't run.
  const prometheus = await import('prom-client');
  const registry: Registry = new prometheus.Registry();
  prometheus.collectDefaultMetrics({ register: registry });
  const instruments = new Map<Name, Gauge | Counter>();
  for (const [name, { help, type, labels }] of Object.entries<Metric>(metrics)) {
    const definition = { name, help, labelNames: [...labels], registers: [registry] };
    const instrument =
      type === 'gauge' ? new prometheus.Gauge(definition) : new prometheus.Counter(definition);
    instruments.set(name as Name, instrument);
  }
  const page = async (): Promise<string> => {
    for (const instrument of instruments.values()) instrument.reset();
    for (const { name, labels, value } of read()) instruments.get(name)?.inc({ ...labels }, value);
    return await registry.metrics();
  };
  return { type: registry.contentType, page };
}

async function answer(
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
  probes: Observed<string>['probes'],
  metrics: Awaited<ReturnType<typeof metricsText>>,
): Promise<void> {
  const say = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
    response.writeHead(status, { 'content-type': type }).end(method === 'HEAD' ? undefined : text);
  };
  const path = url.split('?', 1)[0] ?? '';
  if (method !== 'GET' && method !== 'HEAD') return say(405, 'ask with GET\n');
  if (path === '/metrics') {
    try {
      return say(200, await metrics.page(), metrics.type);
    } catch (error) {
      return say(500, `${String(error)}\n`);
    }
  }
  const probe = Object.hasOwn(probes, path) ? probes[path] : undefined;
  if (probe === undefined) return say(404, `there are /metrics and ${Object.keys(probes).join(', ')}\n`);
  const why = probe();
  return why === undefined ? say(200, 'yes\n') : say(503, `no: ${why}\n`);
}

/** Counts operator's events as they are reported. */
export function countEvents(report: Report): {
  readonly report: Report;
  readonly counts: ReadonlyMap<string, number>;
} {
  const counts = new Map<string, number>();
  return {
    counts,
    report: (event) => {
      counts.set(event.event, (counts.get(event.event) ?? 0) + 1);
      report(event);
    },
  };
}
