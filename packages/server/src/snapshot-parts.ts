/**
 * A server's own snapshot, as parts for its journal folder.
 *
 *     head: position, epoch starts, origins │ users … │ lists … │ sessions …
 *     │ keys … │ speakers … │ codes …
 *
 * Unlike the one on the wire it has each author's post positions and no texts: texts stay in the journal.
 * Positions are stored as the distance from the one before, and users as their number among all users: a
 * million posts and 640,000 outcomes of requests take 4 MB; as JSON they took 29.
 */
import {
  type CodeSnapshot,
  type EpochStart,
  epoch,
  type FollowSnapshot,
  type KeySnapshot,
  type KeysSnapshot,
  type Origin,
  type Position,
  packReply,
  position,
  type SessionSnapshot,
  type SocialReason,
  type SocialSnapshot,
  type UserSnapshot,
  unpackReply,
} from '@dualping/core';
import { breathe } from './breathe.js';
import { PackedReader, PackedWriter } from './packed-bytes.js';
import { JSON_MARK, snapshotFromJson } from './snapshot-json.js';

export interface StoredSnapshot {
  readonly snapshot: SocialSnapshot;
  readonly epochStarts: readonly EpochStart[];
}

/** First bytes of the kinds of parts. */
const HEAD = 1;
const USERS = 2;
const LISTS = 3;
const SESSIONS = 4;
// Absent in networks without keys.
const KEYS = 5;
const SPEAKERS = 6;
const CODES = 7;

/** Users, elements of lists, or outcomes of one part: some 5 ms to encode, and at most 4 MB. */
const ELEMENTS_A_PART = 50_000;

/** Ascending positions of a user. */
const POSITION_LISTS = ['posts', 'origins', 'mentions'] as const;
/** Other users, each with a position. */
const EDGE_LISTS = ['following', 'left'] as const;
/** By its number in a part. */
const LIST_KINDS = [...POSITION_LISTS, ...EDGE_LISTS] as const;
type PositionList = (typeof POSITION_LISTS)[number];
type EdgeList = (typeof EDGE_LISTS)[number];

const HAS_HOME = 1;
const HAS_ORIGINS = 2;

/**
 * Gives the parts one by one as they are requested: a server that encoded a long history in one step would be
 * regarded as dead.
 */
export function* snapshotToParts({ snapshot, epochStarts }: StoredSnapshot): Generator<Buffer, void> {
  const writer = new PackedWriter();
  yield headPart(writer, snapshot, epochStarts);
  yield* userParts(writer, snapshot.users);
  yield* listParts(writer, snapshot.users);
  yield* sessionParts(writer, snapshot.sessions);
  yield* keyParts(writer, snapshot.users);
  yield* speakerParts(writer, snapshot.sessions);
  yield* codeParts(writer, snapshot.codes ?? []);
}

function headPart(
  writer: PackedWriter,
  { position: at, origins }: SocialSnapshot,
  epochStarts: readonly EpochStart[],
): Buffer {
  writer.number(HEAD).number(at).number(epochStarts.length);
  for (const start of epochStarts) writer.number(start.epoch).number(start.position);
  writer.number(origins.length);
  for (const origin of origins) writer.number(origin.cluster).number(origin.position);
  return writer.take();
}

function* userParts(writer: PackedWriter, users: readonly UserSnapshot[]): Generator<Buffer, void> {
  for (let at = 0; at < users.length; at += ELEMENTS_A_PART) {
    writer.number(USERS);
    for (const { name, since, home, origins } of users.slice(at, at + ELEMENTS_A_PART)) {
      writer.text(name).number(since);
      writer.number((home === undefined ? 0 : HAS_HOME) | (origins === undefined ? 0 : HAS_ORIGINS));
      if (home !== undefined) writer.number(home);
    }
    yield writer.take();
  }
}

/**
 * Runs of elements: the user, the list, the number, and the elements. What does not fit continues in the next
 * part.
 */
function* listParts(writer: PackedWriter, users: readonly UserSnapshot[]): Generator<Buffer, void> {
  const numbers = new Map(users.map(({ name }, number) => [name, number]));
  let room = 0;
  for (const [number, user] of users.entries())
    for (const [kind, name] of LIST_KINDS.entries()) {
      const list = user[name] ?? [];
      for (let at = 0; at < list.length; ) {
        if (room === 0) {
          if (writer.length > 0) yield writer.take();
          writer.number(LISTS);
          room = ELEMENTS_A_PART;
        }
        const run = list.slice(at, at + room);
        writer.number(number).number(kind).number(run.length);
        putRun(writer, run, numbers);
        at += run.length;
        room -= run.length;
      }
    }
  if (writer.length > 0) yield writer.take();
}

function putRun(
  writer: PackedWriter,
  run: readonly (Position | FollowSnapshot)[],
  numbers: ReadonlyMap<string, number>,
): void {
  let before = 0;
  for (const element of run)
    if (typeof element === 'object') writer.number(numberOf(numbers, element.target)).number(element.since);
    else {
      writer.number(element - before);
      before = element;
    }
}

function numberOf(numbers: ReadonlyMap<string, number>, name: string): number {
  const number = numbers.get(name);
  if (number === undefined) throw new Error(`the snapshot names ${name}, whom it does not have`);
  return number;
}

function* sessionParts(writer: PackedWriter, sessions: readonly SessionSnapshot[]): Generator<Buffer, void> {
  let room = ELEMENTS_A_PART;
  for (const { sessionId, user, lastRequestNo, replies } of sessions) {
    if (writer.length === 0) writer.number(SESSIONS);
    writer.text(sessionId).text(user).number(lastRequestNo).number(replies.length);
    let before = 0;
    for (const packed of replies) {
      const reply = unpackReply(packed);
      const isRefused = reply.kind === 'refused';
      writer.number(2 * (reply.position - before) + (isRefused ? 1 : 0));
      if (isRefused) writer.text(reply.reason);
      before = reply.position;
    }
    room -= 1 + replies.length;
    if (room > 0) continue;
    yield writer.take();
    room = ELEMENTS_A_PART;
  }
  if (writer.length > 0) yield writer.take();
}

/** Puts elements into parts of one kind, and leaves out empty ones. */
function* partsOf<Element>(
  writer: PackedWriter,
  kind: number,
  elements: Iterable<Element>,
  put: (element: Element) => void,
): Generator<Buffer, void> {
  let room = ELEMENTS_A_PART;
  for (const element of elements) {
    if (writer.length === 0) writer.number(kind);
    put(element);
    room -= 1;
    if (room > 0) continue;
    yield writer.take();
    room = ELEMENTS_A_PART;
  }
  if (writer.length > 0) yield writer.take();
}

/** By the number of the user among the users. */
function* keyParts(writer: PackedWriter, users: readonly UserSnapshot[]): Generator<Buffer, void> {
  const owned = [...users.entries()].filter(([, { keys }]) => keys !== undefined);
  yield* partsOf(writer, KEYS, owned, ([number, { keys: ring }]) => {
    const { lastNumber, keys } = ring ?? { lastNumber: 0, keys: [] };
    writer.number(number).number(lastNumber).number(keys.length);
    for (const { number: no, key, device, since, revokedAt } of keys)
      writer
        .number(no)
        .text(key)
        .text(device)
        .number(since)
        .number(revokedAt ?? 0);
  });
}

/** By the number of the session among the sessions. */
function* speakerParts(writer: PackedWriter, sessions: readonly SessionSnapshot[]): Generator<Buffer, void> {
  const bound = [...sessions.entries()].filter(([, { key, isMute }]) => key !== undefined || isMute === true);
  yield* partsOf(writer, SPEAKERS, bound, ([number, { key }]) => writer.number(number).number(key ?? 0));
}

function* codeParts(writer: PackedWriter, codes: readonly CodeSnapshot[]): Generator<Buffer, void> {
  yield* partsOf(writer, CODES, codes, ({ code, user, untilMs, madeAt, spentAt }) =>
    writer
      .text(code)
      .text(user ?? '')
      .number(untilMs)
      .number(madeAt)
      .number(spentAt ?? 0),
  );
}

/** A user during assembly: later parts add to it. */
interface ComingUser extends Omit<UserSnapshot, PositionList | EdgeList | 'keys'> {
  posts: Position[];
  origins?: Position[];
  mentions?: Position[];
  following: FollowSnapshot[];
  left?: FollowSnapshot[];
  keys?: KeysSnapshot;
}

type ComingSession = { -readonly [Field in keyof SessionSnapshot]: SessionSnapshot[Field] };

/**
 * The parts are our own or our primary's, and their checksums held: what they say is believed. Everything
 * else has its turn between two parts.
 */
export async function snapshotFromParts(parts: readonly Buffer[]): Promise<StoredSnapshot> {
  if (parts[0]?.[0] === JSON_MARK) return snapshotFromJson(parts);
  const users: ComingUser[] = [];
  const sessions: ComingSession[] = [];
  const codes: CodeSnapshot[] = [];
  let head: Head | undefined;
  for (const bytes of parts) {
    const reader = new PackedReader(bytes);
    const kind = reader.number();
    if (kind === HEAD) head = readHead(reader);
    else if (kind === USERS) while (!reader.isDone) users.push(readUser(reader));
    else if (kind === LISTS) while (!reader.isDone) readRun(reader, users);
    else if (kind === SESSIONS) while (!reader.isDone) sessions.push(readSession(reader));
    else if (kind === KEYS) while (!reader.isDone) readKeys(reader, users);
    else if (kind === SPEAKERS) while (!reader.isDone) readSpeaker(reader, sessions);
    else if (kind === CODES) while (!reader.isDone) codes.push(readCode(reader));
    else throw new Error(`a snapshot with a part of kind ${kind}, which is not known here`);
    await breathe();
  }
  if (head === undefined) throw new Error('a snapshot without its head');
  const { epochStarts, ...at } = head;
  const snapshot = { ...at, users, sessions, ...(codes.length > 0 && { codes }) };
  return { snapshot, epochStarts };
}

interface Head extends Pick<SocialSnapshot, 'position' | 'origins'> {
  readonly epochStarts: readonly EpochStart[];
}

function readHead(reader: PackedReader): Head {
  const at = position(reader.number());
  const epochStarts = listOf(reader.number(), (): EpochStart => {
    const started = epoch(reader.number());
    return { epoch: started, position: position(reader.number()) };
  });
  const origins = listOf(reader.number(), (): Origin => {
    const cluster = reader.number();
    return { cluster, position: position(reader.number()) };
  });
  return { position: at, epochStarts, origins };
}

const listOf = <T>(count: number, read: () => T): T[] => Array.from({ length: count }, read);

function readUser(reader: PackedReader): ComingUser {
  const name = reader.text();
  const since = position(reader.number());
  const has = reader.number();
  return {
    name,
    since,
    following: [],
    posts: [],
    ...((has & HAS_HOME) !== 0 && { home: reader.number() }),
    ...((has & HAS_ORIGINS) !== 0 && { origins: [] }),
  };
}

function readRun(reader: PackedReader, users: readonly ComingUser[]): void {
  const user = users[reader.number()];
  const name = LIST_KINDS[reader.number()];
  if (user === undefined || name === undefined) throw new Error('a snapshot with a list of nobody');
  const count = reader.number();
  if (name === 'following' || name === 'left') {
    const list = user[name] ?? [];
    user[name] = list;
    for (let left = count; left > 0; left -= 1) {
      const target = users[reader.number()]?.name ?? '';
      list.push({ target, since: reader.number() as Position });
    }
    return;
  }
  const list = user[name] ?? [];
  user[name] = list;
  let at = 0;
  for (let left = count; left > 0; left -= 1) {
    at += reader.number();
    list.push(at as Position);
  }
}

function readSession(reader: PackedReader): SessionSnapshot {
  const sessionId = reader.text();
  const user = reader.text();
  const lastRequestNo = reader.number();
  const replies: number[] = [];
  let at = 0;
  for (let left = reader.number(); left > 0; left -= 1) {
    const told = reader.number();
    at += Math.floor(told / 2);
    const entry = at as Position;
    replies.push(
      told % 2 === 0
        ? packReply({ kind: 'ok', position: entry })
        : packReply({ kind: 'refused', position: entry, reason: reader.text() as SocialReason }),
    );
  }
  return { sessionId, user, lastRequestNo, replies };
}

function readKeys(reader: PackedReader, users: readonly ComingUser[]): void {
  const user = users[reader.number()];
  if (user === undefined) throw new Error('a snapshot with keys of nobody');
  const lastNumber = reader.number();
  const keys = listOf(reader.number(), (): KeySnapshot => {
    const number = reader.number();
    const key = reader.text();
    const device = reader.text();
    const since = position(reader.number());
    const revokedAt = position(reader.number());
    return { number, key, device, since, ...(revokedAt > 0 && { revokedAt }) };
  });
  user.keys = { lastNumber, keys };
}

function readSpeaker(reader: PackedReader, sessions: readonly ComingSession[]): void {
  const session = sessions[reader.number()];
  if (session === undefined) throw new Error('a snapshot with the key of no session');
  const key = reader.number();
  if (key > 0) session.key = key;
  else session.isMute = true;
}

function readCode(reader: PackedReader): CodeSnapshot {
  const code = reader.text();
  const user = reader.text();
  const untilMs = reader.number();
  const madeAt = position(reader.number());
  const spentAt = position(reader.number());
  return { code, untilMs, madeAt, ...(user !== '' && { user }), ...(spentAt > 0 && { spentAt }) };
}
