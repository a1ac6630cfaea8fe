/**
 * The keys of the people of a test, where the commands that it runs look for them: so a session in the test
 * and a command with the same name are the same person.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DeviceKey, type NetworkCredentials } from '@dualping/client';
import { TOKEN_KEY, TOKEN_MS } from '@dualping/protocol';
import { Metadata } from '@grpc/grpc-js';
import { OWN_STATE } from './dualping-process.js';

/**
 * For the options of a session; without credentials there is no key.
 *
 * @param user in small letters
 * @param config `XDG_CONFIG_HOME` of the commands
 */
export function deviceOf(
  credentials: NetworkCredentials | undefined,
  user: string,
  config = OWN_STATE.XDG_CONFIG_HOME ?? '',
): { readonly key?: DeviceKey } {
  if (credentials === undefined) return {};
  const path = join(config, 'dualping', 'keys', credentials.network, `${user}.pem`);
  try {
    return { key: DeviceKey.parse(readFileSync(path, 'utf8')) };
  } catch {
    const key = DeviceKey.generate();
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, key.toPem(), { mode: 0o600 });
    return { key };
  }
}

/** What a call of that person shows, for a test that makes calls by itself. */
export function tokenOf(
  credentials: NetworkCredentials | undefined,
  user: string,
  sessionId: string,
): Metadata {
  const metadata = new Metadata();
  const { key } = deviceOf(credentials, user);
  const [authority] = credentials?.authorityHashes ?? [];
  if (key !== undefined && authority !== undefined)
    metadata.set(TOKEN_KEY, key.sign(authority, { user, sessionId, notAfterMs: Date.now() + TOKEN_MS }));
  return metadata;
}
