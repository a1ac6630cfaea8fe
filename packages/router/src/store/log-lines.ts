/**
 * The content of the lines of the assignment log. A line of another version, or an invalid one, throws.
 */
import {
  type Build,
  type ClusterMode,
  type ClusterRecord,
  type DualpingError,
  epoch,
  type HistoryEntry,
  type InSyncCopy,
  type JournalEnd,
  type Liveness,
  type MemberRecord,
  type NetworkId,
  type OrderlyEnd,
  type PrimaryRef,
  position,
  type Suspension,
  serverId,
} from '@dualping/core';
import { isLaterFormat, laterFormat } from '@dualping/host';

/** Raised with every change of the content of lines. */
export const LOG_VERSION = 4;
/**
 * Format of a log in which no cluster is suspended: a router that does not know suspension would ignore one.
 */
const LOG_VERSION_WITHOUT_SUSPENSION = 3;
/**
 * The version of a log without services: older routers can read it, so going back to one works until the
 * first service is made.
 */
export const LOG_VERSION_WITHOUT_SERVICES = 2;

/** The first line. */
export interface LogHeader {
  readonly networkId: NetworkId;
  readonly clusters: number;
  /** For a shared store: its content was moved to this place, and no router may lead on it. */
  readonly movedTo?: string;
}

/** A later release wrote it: the caller, which knows the file or the key, names it. */
export class LaterFormat extends Error {
  constructor(readonly format: number) {
    super(`it is of format ${format}, of a later release`);
  }

  /** @param where file, or key of the shared store */
  in(where: string): DualpingError {
    return laterFormat(where, this.format, [LOG_VERSION_WITHOUT_SERVICES, LOG_VERSION]);
  }
}

/** @param version the lowest that covers everything in the log */
export const headerToJson = (header: LogHeader, version: number): string =>
  JSON.stringify({ dualpingRouter: version, ...header });

export function versionFor(records: readonly ClusterRecord[]): number {
  if (records.some(({ suspended }) => suspended !== undefined)) return LOG_VERSION;
  const hasServices = records.some(({ service }) => service !== undefined);
  return hasServices ? LOG_VERSION_WITHOUT_SUSPENSION : LOG_VERSION_WITHOUT_SERVICES;
}

export function headerFromJson(json: string): LogHeader {
  const line = objectFrom(JSON.parse(json), 'header');
  const version = line.dualpingRouter;
  if (isLaterFormat(version, LOG_VERSION)) throw new LaterFormat(version);
  if (typeof version !== 'number' || version < LOG_VERSION_WITHOUT_SERVICES || version > LOG_VERSION)
    throw new Error(
      `it is of version "${String(version)}", this router reads versions ${LOG_VERSION_WITHOUT_SERVICES} to ${LOG_VERSION}`,
    );
  const moved = line.movedTo === undefined ? undefined : { movedTo: text(line, 'movedTo') };
  return { networkId: text(line, 'networkId'), clusters: whole(line, 'clusters'), ...moved };
}

/**
 * A record that an older router would ignore contains the version that a router needs: where routers share a
 * store, one of an older release may lead next, and read records that it has not written.
 */
export function recordToJson(record: ClusterRecord): string {
  const format = versionFor([record]);
  return JSON.stringify(format > LOG_VERSION_WITHOUT_SUSPENSION ? { format, ...record } : record);
}

export function recordFromJson(json: string): ClusterRecord {
  const line = objectFrom(JSON.parse(json), 'record');
  if (isLaterFormat(line.format, LOG_VERSION)) throw new LaterFormat(line.format);
  return {
    cluster: whole(line, 'cluster'),
    ...(line.service !== undefined && { service: text(line, 'service') }),
    mode: line.mode === undefined ? undefined : modeFrom(text(line, 'mode')),
    epoch: epoch(whole(line, 'epoch')),
    revision: whole(line, 'revision'),
    primary: line.primary === undefined ? undefined : primaryFrom(objectFrom(line.primary, 'primary')),
    inSync: list(line, 'inSync').map(copyFrom),
    lastUncleanEpoch: epoch(whole(line, 'lastUncleanEpoch')),
    committed: position(whole(line, 'committed')),
    orderlyEnd:
      line.orderlyEnd === undefined ? undefined : orderlyEndFrom(objectFrom(line.orderlyEnd, 'orderlyEnd')),
    ...(line.suspended !== undefined && { suspended: suspensionFrom(text(line, 'suspended')) }),
    ...(line.history !== undefined && { history: list(line, 'history').map(historyFrom) }),
    members: list(line, 'members').map(memberFrom),
  };
}

type Line = Readonly<Record<string, unknown>>;

function objectFrom(value: unknown, what: string): Line {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`its ${what} is no object`);
  return value as Line;
}

function text(line: Line, name: string): string {
  const value = line[name];
  if (typeof value !== 'string') throw new Error(`its ${name} is no text`);
  return value;
}

function whole(line: Line, name: string): number {
  const value = line[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new Error(`its ${name} is no whole number`);
  return value;
}

function list(line: Line, name: string): Line[] {
  const value = line[name];
  if (!Array.isArray(value)) throw new Error(`its ${name} is no list`);
  return value.map((each) => objectFrom(each, name));
}

function texts(line: Line, name: string): string[] {
  const value = line[name];
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string'))
    throw new Error(`its ${name} is no list of texts`);
  return value;
}

function modeFrom(value: string): ClusterMode {
  if (value === 'replicated' || value === 'routed') return value;
  throw new Error('its mode is unknown');
}

function livenessFrom(value: string): Liveness {
  if (value === 'stream' || value === 'watched' || value === 'heartbeat') return value;
  throw new Error('its liveness is unknown');
}

function suspensionFrom(value: string): Suspension {
  if (value === 'paused' || value === 'resting') return value;
  throw new Error('its suspension is unknown');
}

const HAPPENINGS: ReadonlySet<string> = new Set<HistoryEntry['what']>([
  'promoted',
  'promoted-unclean',
  'paused',
  'resting',
  'resumed',
  'removed',
]);

function historyFrom(line: Line): HistoryEntry {
  const what = text(line, 'what');
  if (!HAPPENINGS.has(what)) throw new Error('what its history tells is unknown');
  return {
    what: what as HistoryEntry['what'],
    timeMs: whole(line, 'timeMs'),
    epoch: epoch(whole(line, 'epoch')),
    ...(line.serverId !== undefined && { serverId: serverId(whole(line, 'serverId')) }),
    detail: text(line, 'detail'),
  };
}

const journalFrom = (line: Line) => ({
  serverId: serverId(whole(line, 'serverId')),
  journalId: text(line, 'journalId'),
});

const copyFrom = (line: Line): InSyncCopy => ({ ...journalFrom(line), lives: texts(line, 'lives') });

const primaryFrom = (line: Line): PrimaryRef => ({
  ...journalFrom(line),
  incarnation: whole(line, 'incarnation'),
  lifeId: text(line, 'lifeId'),
});

const orderlyEndFrom = (line: Line): OrderlyEnd => ({
  lastEpoch: epoch(whole(line, 'lastEpoch')),
  durable: position(whole(line, 'durable')),
  checksum: whole(line, 'checksum'),
});

const endFrom = (line: Line): JournalEnd => ({
  ...orderlyEndFrom(line),
  committed: position(whole(line, 'committed')),
});

const memberFrom = (line: Line): MemberRecord => ({
  ...primaryFrom(line),
  end: endFrom(objectFrom(line.end, 'end')),
  address: text(line, 'address'),
  liveness: livenessFrom(text(line, 'liveness')),
  live: line.live === true,
  reached: line.reached === true,
  ...(line.build !== undefined && { build: buildFrom(objectFrom(line.build, 'build')) }),
});

const buildFrom = (line: Line): Build => ({ version: text(line, 'version'), level: whole(line, 'level') });
