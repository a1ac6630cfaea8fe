/**
 * The keys of this device: one file for each name in each network, made when it is first used.
 *
 *     ~/.config/dualping/keys/NETWORK/USER.pem
 *
 * A person with this file can act as the user. It is for its owner only, and the key is stored nowhere else.
 */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DualpingError, deviceNameProblem, type UserName } from '@dualping/core';
import { mendFile, PRIVATE_FILE, PRIVATE_FOLDER } from '@dualping/host';
import { DeviceKey, type NetworkCredentials } from '@dualping/protocol';
import { configFolder } from './config-folder.js';

/** The key and name of this device, for a session. */
export interface OwnDevice {
  readonly key: DeviceKey;
  readonly device: string;
}

/** Names differ in capitals, and files on some machines do not. */
const fileNameOf = (user: UserName): string =>
  `${user.replaceAll(/[A-Z]/g, (letter) => `+${letter.toLowerCase()}`)}.pem`;

export const keyFileOf = ({ network }: NetworkCredentials, user: UserName): string =>
  join(configFolder(), 'keys', network, fileNameOf(user));

/**
 * The key of a user name on this device, and the device's name. Nothing without credentials: there users have
 * no keys.
 * @throws DualpingError `invalid-argument` when the file is there and can't be used
 */
export function ownDevice(
  credentials: NetworkCredentials | undefined,
  user: UserName,
): OwnDevice | Record<string, never> {
  if (credentials === undefined) return {};
  const path = keyFileOf(credentials, user);
  return { key: readKey(path) ?? makeKey(path), device: deviceName() };
}

/** This machine's name, if it is allowed as a device name. */
function deviceName(): string {
  const [name = ''] = hostname().split('.');
  return deviceNameProblem(name) === undefined ? name : 'device';
}

/** Undefined: there is none yet. */
function readKey(path: string): DeviceKey | undefined {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw unusable(path, error);
  }
  mendFile(path);
  try {
    return DeviceKey.parse(pem);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** If two processes make it at the same time, both use the first one. */
function makeKey(path: string): DeviceKey {
  const made = DeviceKey.generate();
  const temporary = `${path}.${process.pid}`;
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: PRIVATE_FOLDER });
    writeFileSync(temporary, made.toPem(), { mode: PRIVATE_FILE, flush: true });
    linkSync(temporary, path);
    return made;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      const other = readKey(path);
      if (other !== undefined) return other;
    }
    throw unusable(path, error);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function unusable(path: string, cause: unknown): DualpingError {
  const why =
    cause instanceof DualpingError ? cause.detail : cause instanceof Error ? cause.message : String(cause);
  return new DualpingError('invalid-argument', `the key file ${JSON.stringify(path)} can't be used: ${why}`, {
    cause,
  });
}
