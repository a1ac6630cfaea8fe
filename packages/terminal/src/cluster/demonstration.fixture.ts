/**
 * An example demonstration: four servers, some takeovers, people who count. Tests override parts of it.
 */
import type { Assignment, MemberFigures, MemberInfo, WatchUpdate } from '@dualping/client';
import type { KeyToken } from '../input/token.js';
import { plainText } from '../view/row.js';
import type { Takeover } from './feed.js';
import { type ClusterViewState, initialClusterView } from './state.js';
import { step } from './step.js';
import { clusterView } from './view.js';
import type { ClusterEffect, ClusterViewEvent } from './view-events.js';

/** 2026-11-21 12:41:07 UTC. */
export const NOW_MS = 1_795_264_867_000;

type Facts = Partial<Omit<MemberInfo, 'serverId'>>;

export const member = (serverId: number, facts: Facts = {}): MemberInfo => ({
  serverId: serverId as MemberInfo['serverId'],
  incarnation: 1,
  journalId: `journal-${serverId}`,
  lifeId: '',
  address: `127.0.0.1:710${serverId}`,
  liveness: 'stream',
  live: true,
  inSync: true,
  unreachable: false,
  ...facts,
});

export const assignment = (
  primary: number | undefined,
  members: readonly MemberInfo[],
  facts: Partial<Omit<Assignment, 'epoch'>> & { readonly epoch?: number } = {},
): Assignment => {
  const { epoch = 17, ...rest } = facts;
  const holder = members.find(({ serverId }) => serverId === primary);
  return {
    cluster: 1,
    revision: 1,
    epoch: epoch as Assignment['epoch'],
    primary: holder,
    available: holder !== undefined,
    unavailableReason: '',
    lastUncleanEpoch: 0 as Assignment['epoch'],
    inSync: members.filter(({ inSync }) => inSync),
    members,
    ...rest,
  };
};

interface Told {
  readonly cluster?: number;
  readonly ageMs?: number;
  readonly durable?: number;
  readonly committed?: number;
  readonly timelines?: number;
  readonly posts?: number;
}

export const stats = (serverId: number, told: Told = {}): MemberFigures => ({
  cluster: told.cluster ?? 1,
  serverId: serverId as MemberFigures['serverId'],
  ageMs: told.ageMs ?? 48,
  stats: {
    durable: (told.durable ?? 8_812) as MemberFigures['stats']['durable'],
    committed: (told.committed ?? 8_812) as MemberFigures['stats']['committed'],
    lastEpoch: 17 as Assignment['epoch'],
    checksum: 0,
    timelines: told.timelines ?? 0,
    postsAccepted: told.posts ?? 0,
    slowSyncs: 0,
    longestSyncMs: 0,
  },
});

export const takeover = (number: number, totalMs: number, facts: Partial<Takeover> = {}): Takeover => ({
  number,
  cluster: 1,
  atMs: NOW_MS,
  fault: 'kill',
  from: 1,
  to: 2,
  epoch: 17,
  parts: {
    detectMs: totalMs * 0.5,
    promoteMs: totalMs * 0.1,
    reconnectMs: totalMs * 0.25,
    firstPostMs: totalMs * 0.15,
  },
  totalMs,
  clients: { reconnected: 398, all: 398, longestGapMs: 31 },
  ...facts,
});

export const key = (name: string): ClusterViewEvent => {
  const token: KeyToken = { kind: 'key', name, text: name.length === 1 ? name : undefined };
  return { kind: 'token', token };
};

export const update = (
  assignments: readonly Assignment[],
  told: readonly MemberFigures[] = [],
): ClusterViewEvent => {
  const both: WatchUpdate = { assignments, stats: told };
  return { kind: 'update', update: both };
};

/** A cluster view that gets one event after another. */
export class Demonstration {
  state: ClusterViewState;
  readonly effects: ClusterEffect[] = [];
  #monoMs = 1_000_000;

  constructor({ width = 80, height = 24, canAct = true, hasLogs = false, title = 'dualping' } = {}) {
    this.state = initialClusterView({
      title,
      size: { width, height },
      clock: this.#clock(),
      budgetMs: 100,
      canAct,
      hasLogs,
    });
  }

  /** Passes time, then the events. */
  after(ms: number, ...events: readonly ClusterViewEvent[]): this {
    this.#monoMs += ms;
    for (const event of events) this.#step(event);
    this.#step({ kind: 'clock', pids: this.state.pids });
    return this;
  }

  now(...events: readonly ClusterViewEvent[]): this {
    return this.after(0, ...events);
  }

  press(...names: readonly string[]): this {
    return this.now(...names.map(key));
  }

  screen(): readonly string[] {
    return clusterView(this.state).rows.map((row) => plainText(row).trimEnd());
  }

  #step(event: ClusterViewEvent): void {
    const { state, effects } = step(this.state, this.#clock(), event);
    this.state = state;
    this.effects.push(...effects);
  }

  #clock() {
    return { monoMs: this.#monoMs, wallMs: NOW_MS - 1_000_000 + this.#monoMs, utcOffsetMinutesAt: () => 0 };
  }
}

/**
 * As in the middle of a lesson: s4 was killed, s3 is frozen, s1 just came back, s2 is primary of epoch 17.
 */
export function lesson(
  size: { readonly width?: number; readonly height?: number; readonly canAct?: boolean } = {},
): Demonstration {
  const show = new Demonstration(size);
  const all = [1, 2, 3, 4].map((id) => member(id));
  const was = (epoch: number, primary: number, revision: number) =>
    assignment(primary, all, { epoch, revision });
  show.now(update([was(16, 1, 1)]));
  for (let second = 0; second < 6; second += 1)
    show.after(
      1_000,
      update(
        [],
        [1, 2, 3, 4].map((id) => stats(id, { ageMs: 20 * id + 10 * (second % 3) })),
      ),
    );
  const fewer = [
    member(1, { live: false }),
    member(2),
    member(3, { live: false }),
    member(4, { live: false, inSync: false }),
  ];
  show.after(200, update([assignment(2, fewer, { revision: 2 })]));
  show.now({ kind: 'takeover', takeover: takeover(22, 34, { fault: 'freeze', from: 3 }) });
  show.now({ kind: 'takeover', takeover: takeover(23, 21) });
  for (let second = 0; second < 3; second += 1)
    show.after(1_000, update([], [stats(2, { ageMs: 51, timelines: 398, posts: 1_000 + 400 * second })]));
  const back = [member(1, { incarnation: 2 }), ...fewer.slice(1)];
  show.after(100, update([assignment(2, back, { revision: 3 })]));
  show.after(
    900,
    update([], [stats(1, { ageMs: 48 }), stats(2, { ageMs: 51, timelines: 398, posts: 2_200 })]),
  );
  show.now({
    kind: 'events',
    events: [
      { atMs: NOW_MS + 145, kind: 'down', text: 's1 stream ended' },
      { atMs: NOW_MS + 147, kind: 'promoted', text: 's2 promoted, epoch 17' },
      { atMs: NOW_MS + 166, kind: 'measured', text: 'first post acknowledged after 21 ms' },
    ],
  });
  show.now({
    kind: 'counts',
    counts: {
      clients: 398,
      posted: 12_040,
      acknowledged: 12_034,
      delivered: 36_102,
      lost: 0,
      repeated: 0,
      outOfOrder: 0,
    },
  });
  return show;
}
