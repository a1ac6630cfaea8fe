/** A network with certificates in a folder of its own, and a server with it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { serverId } from '@dualping/core';
import {
  Access,
  type AccessListener,
  addHealthAndReflection,
  createGrpcServer,
  listenToConnections,
  NetworkCredentials,
  type Part,
} from '@dualping/protocol';
import { ensure } from './certificates.js';
import { fileOf } from './layout.js';

export const ROUTER: Part = { role: 'router' };
export const server = (id: number, cluster = 1): Part => ({
  role: 'server',
  cluster,
  serverId: serverId(id),
});
export const ANNA: Part = { role: 'operator', name: 'anna' };

export function testFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-security-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'certs');
}

/** A folder with certificates of these. */
export async function testNetwork(context: TestContext, ...parts: readonly Part[]): Promise<string> {
  const folder = testFolder(context);
  await ensure(folder, parts);
  return folder;
}

export const read = (folder: string, part: Part): NetworkCredentials =>
  NetworkCredentials.parse(readFileSync(fileOf(folder, part), 'utf8'));

export interface Served {
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly refusals: readonly string[];
  readonly audited: readonly string[];
}

/** Health and reflection, with the credentials of that part. */
export async function serve(context: TestContext, credentials: NetworkCredentials): Promise<Served> {
  const refusals: string[] = [];
  const audited: string[] = [];
  const listener: AccessListener = {
    refused: (text) => refusals.push(text),
    privileged: (text) => audited.push(text),
  };
  const grpc = createGrpcServer({}, new Access(credentials, undefined, listener));
  addHealthAndReflection(grpc, ['dualping.v1.SocialService']);
  const { address, close } = await listenToConnections(grpc, '127.0.0.1', 0);
  context.after(() => {
    close();
    grpc.forceShutdown();
  });
  return { address, host: '127.0.0.1', port: Number(address.split(':').at(-1)), refusals, audited };
}

const DEADLINE_MS = 20_000;
const POLL_MS = 10;

/** Waits until the condition holds. */
export async function eventually(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const until = performance.now() + DEADLINE_MS;
  while (!(await isSo())) {
    if (performance.now() > until) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await delay(POLL_MS);
  }
}
