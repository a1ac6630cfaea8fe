/**
 * Serves the page: the document, a stream of changes for each watcher, and presses with the key.
 *
 *   GET /       the document, with everything as it is now
 *   GET /live   server-sent events: regions that have changed, as JSON
 *   POST /act   {"press": "x", "victim": "c1/s2"} with the key; without a press the answer only says whether
 *   the key is right
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { DualpingError, quote } from '@dualping/core';
import { formatAddress } from '@dualping/protocol';
import { dialledHost } from '../dialled-host.js';
import { isForUs, isFromUs, isKey, keyIn, newKey } from './access.js';
import { CONTENT_SECURITY_POLICY, documentOf } from './document.js';
import { REGIONS, type Regions } from './regions.js';

/** Most watchers at a time: several classes. Each costs a few kilobytes a second. */
const MAX_WATCHERS = 200;
/** A browser opens several connections, and may load the page while it watches. */
const MAX_CONNECTIONS = 3 * MAX_WATCHERS;
/** Largest request headers; those of our page are far smaller. */
const MAX_HEADER_BYTES = 8_192;
/** Largest body of a press; those of our page have about fifty bytes. */
const MAX_BODY_BYTES = 256;
/** Longest time to send a request, ms: it fits into one packet. */
const REQUEST_LIMIT_MS = 5_000;
/** How often connections are checked for that, ms. */
const LOOK_INTERVAL_MS = 1_000;
/**
 * A watcher that reads nothing for so long is disconnected, ms: a telephone that wakes up connects again by
 * itself.
 */
const STALLED_AFTER_MS = 20_000;
/** A browser that lost the stream waits this long before it connects again, ms. */
const RETRY_MS = 1_000;

export interface Press {
  readonly key: string;
  /** In the form of `victimKey`; undefined: the selected one. */
  readonly victim: string | undefined;
}

export interface WebServerOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** @throws DualpingError for a key that is not on the page */
  readonly onPress: (press: Press) => void;
}

interface Watcher {
  readonly response: ServerResponse;
  /** The regions that it has been sent. */
  sent: Partial<Regions>;
  /** Since when it has not read. */
  stalledSince: number | undefined;
}

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class WebServer {
  readonly key = newKey();
  readonly #options: WebServerOptions;
  readonly #server: Server;
  readonly #watchers = new Set<Watcher>();
  #regions: Regions;

  private constructor(options: WebServerOptions, regions: Regions) {
    this.#options = options;
    this.#regions = regions;
    this.#server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_LIMIT_MS,
      requestTimeout: REQUEST_LIMIT_MS,
      connectionsCheckingInterval: LOOK_INTERVAL_MS,
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('request', (request, response) => void this.#answer(request, response));
  }

  /** @throws DualpingError `invalid-argument` quoting the address when it is taken */
  static async listen(options: WebServerOptions, regions: Regions): Promise<WebServer> {
    const web = new WebServer(options, regions);
    const { host, port } = options;
    web.#server.listen({ host, port, exclusive: true });
    try {
      await once(web.#server, 'listening');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const place = formatAddress({ host, port });
      throw new DualpingError('invalid-argument', `cannot show the page at ${place}: ${why}`, {
        cause: error,
      });
    }
    return web;
  }

  /** The link for all watchers. */
  get link(): string {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('the page is not bound to a port');
    return `http://${formatAddress({ host: dialledHost(this.#options.host), port: bound.port })}/`;
  }

  /** The link with the key, for the owner. */
  get ownLink(): string {
    return `${this.link}#${this.key}`;
  }

  show(regions: Regions): void {
    this.#regions = regions;
    for (const watcher of this.#watchers) this.#tell(watcher);
  }

  /** Ends the server: nothing will change any more. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const { response } of this.#watchers) response.end('event: ended\ndata: {}\n\n');
    this.#server.closeIdleConnections();
    const late = setTimeout(() => this.#server.closeAllConnections(), LOOK_INTERVAL_MS);
    await closed;
    clearTimeout(late);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that has gone is no error.
    response.on('error', () => {});
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    try {
      await this.#route(request, response);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // The rest of a refused request is not read.
      if (!request.complete) response.setHeader('Connection', 'close');
      response.writeHead(error.status, { 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(`${error.message}\n`);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isForUs(request.headers, this.#options.host))
      throw new Refusal(
        421,
        `this is not ${quote(request.headers.host ?? '')}: ask for it by its IP address`,
      );
    switch (`${request.method} ${request.url}`) {
      case 'GET /':
        response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
        response.end(documentOf(this.#regions));
        return;
      case 'GET /live':
        return this.#watch(response);
      case 'POST /act':
        return await this.#press(request, response);
      default:
        throw new Refusal(404, `there is no ${quote(`${request.method} ${request.url}`)} here`);
    }
  }

  #watch(response: ServerResponse): void {
    if (this.#watchers.size >= MAX_WATCHERS) throw new Refusal(503, `${MAX_WATCHERS} are watching already`);
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
    response.write(`retry: ${RETRY_MS}\n\n`);
    const watcher: Watcher = { response, sent: {}, stalledSince: undefined };
    this.#watchers.add(watcher);
    response.on('close', () => this.#watchers.delete(watcher));
    this.#tell(watcher);
  }

  /**
   * Sends the regions that have changed. If the watcher still has unread data, it gets the newest state
   * later.
   */
  #tell(watcher: Watcher): void {
    const { response, sent } = watcher;
    if (response.writableNeedDrain) {
      watcher.stalledSince ??= performance.now();
      if (performance.now() - watcher.stalledSince > STALLED_AFTER_MS) response.destroy();
      return;
    }
    watcher.stalledSince = undefined;
    const changed = REGIONS.filter((name) => sent[name] !== this.#regions[name]);
    if (changed.length === 0) return;
    watcher.sent = this.#regions;
    const data = Object.fromEntries(changed.map((name) => [name, this.#regions[name]]));
    response.write(`data: ${JSON.stringify(data)}\n\n`);
  }

  async #press(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isFromUs(request.headers)) throw new Refusal(403, 'buttons are pressed on the page itself');
    if (!isKey(keyIn(request.headers), this.key))
      throw new Refusal(403, 'only the link that the demo has printed can press buttons');
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
      throw new Refusal(415, 'a press is JSON');
    const press = pressIn(await bodyOf(request));
    if (press !== undefined)
      try {
        this.#options.onPress(press);
      } catch (error) {
        if (!(error instanceof DualpingError)) throw error;
        throw new Refusal(400, error.detail);
      }
    response.writeHead(204).end();
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) throw new Refusal(413, `a press has at most ${MAX_BODY_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, 'the request ended too early');
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Undefined: the request presses no key. */
function pressIn(body: string): Press | undefined {
  const bad = (): Refusal => new Refusal(400, `${quote(body)} is no press`);
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    throw bad();
  }
  if (typeof given !== 'object' || given === null) throw bad();
  const { press, victim } = given as Partial<Record<string, unknown>>;
  if (victim !== undefined && typeof victim !== 'string') throw bad();
  if (press === undefined) return undefined;
  if (typeof press !== 'string') throw bad();
  return { key: press, victim };
}
