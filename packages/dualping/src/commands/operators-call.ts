/**
 * Common parts of operators' commands: the router that they ask, their identity, and how they show the
 * answer.
 */
import { RouterClient } from '@dualping/client';
import {
  type Address,
  type Assignment,
  DualpingError,
  MAX_SERVER_ID,
  quote,
  type ServerId,
  serverId,
} from '@dualping/core';
import { operatorCredentials, type Trust } from '../credentials.js';
import type { Io } from '../io.js';
import { renderAssignment } from '../render.js';
import { wholeNumber } from '../settings/parse.js';

/** The request, made as an operator where there are certificates. */
export interface Asked extends Trust {
  readonly routers: readonly Address[];
}

export async function withRouter<T>(
  { routers, ...trust }: Asked,
  use: (client: RouterClient) => Promise<T>,
): Promise<T> {
  const client = new RouterClient({ routers, credentials: operatorCredentials(trust, routers) });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

export function show(assignments: readonly Assignment[], json: boolean, io: Io): void {
  for (const assignment of assignments)
    for (const line of json ? [JSON.stringify(assignment)] : renderAssignment(assignment)) io.out(line);
}

/** `2` or `s2`. */
export function serverNamed(text: string): ServerId {
  try {
    return serverId(wholeNumber(1, MAX_SERVER_ID)(text.replace(/^s/, '')));
  } catch (cause) {
    throw new DualpingError('invalid-argument', `server ${quote(text)}: give its number, 2 for s2`, {
      cause,
    });
  }
}
