/** Assignments of a small cluster, as a router could send them one after another. */
import { type Assignment, epoch, type MemberInfo, serverId } from '@dualping/core';

type MemberFacts = Partial<Omit<MemberInfo, 'serverId'>>;

export const member = (id: number, facts: MemberFacts = {}): MemberInfo => ({
  serverId: serverId(id),
  incarnation: 1,
  journalId: `journal-${id}`,
  lifeId: '',
  address: `127.0.0.1:710${id}`,
  liveness: 'stream',
  live: true,
  inSync: true,
  unreachable: false,
  ...facts,
});

export const away: MemberFacts = { live: false };

export function assignment(
  revision: number,
  primary: { readonly id: number; readonly epoch: number } | undefined,
  members: readonly MemberInfo[],
  facts: Partial<Assignment> = {},
): Assignment {
  const holder = members.find((one) => one.serverId === primary?.id);
  return {
    cluster: 1,
    revision,
    epoch: epoch(primary?.epoch ?? 0),
    primary: holder,
    available: holder?.live === true,
    unavailableReason: holder?.live === true ? '' : 'no in-sync server is live',
    lastUncleanEpoch: 0 as Assignment['epoch'],
    inSync: members.filter(({ inSync }) => inSync),
    members,
    ...facts,
  };
}
