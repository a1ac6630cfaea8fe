/**
 * The own snapshot of a server as parts for its journal folder.
 *
 * Unlike the one on the wire it has each author's post positions and no texts: those stay in the
 * journal. JSON, because the journal guards the bytes with checksums and readability is worth more
 * here than the last millisecond of a start.
 */
import type { EpochStart, Origin, SessionSnapshot, SocialSnapshot, UserSnapshot } from '@dualping/core';

/** Users or sessions of one part: with the longest lists people have, a part stays well under a megabyte or two. */
const ELEMENTS_A_PART = 500;

type Part =
  | {
      readonly kind: 'head';
      readonly position: SocialSnapshot['position'];
      readonly epochStarts: readonly EpochStart[];
      /** Absent in what was written before clusters heard of one another. */
      readonly origins?: readonly Origin[];
    }
  | { readonly kind: 'users'; readonly users: readonly UserSnapshot[] }
  | { readonly kind: 'sessions'; readonly sessions: readonly SessionSnapshot[] };

export interface StoredSnapshot {
  readonly snapshot: SocialSnapshot;
  readonly epochStarts: readonly EpochStart[];
}

const encode = (part: Part): Buffer => Buffer.from(JSON.stringify(part));

export function snapshotToParts({ snapshot, epochStarts }: StoredSnapshot): Buffer[] {
  const parts = [
    encode({ kind: 'head', position: snapshot.position, epochStarts, origins: snapshot.origins }),
  ];
  for (let at = 0; at < snapshot.users.length; at += ELEMENTS_A_PART)
    parts.push(encode({ kind: 'users', users: snapshot.users.slice(at, at + ELEMENTS_A_PART) }));
  for (let at = 0; at < snapshot.sessions.length; at += ELEMENTS_A_PART)
    parts.push(encode({ kind: 'sessions', sessions: snapshot.sessions.slice(at, at + ELEMENTS_A_PART) }));
  return parts;
}

/** The parts are our own and their checksums held: what they say is believed. */
export function snapshotFromParts(parts: readonly Buffer[]): StoredSnapshot {
  const users: UserSnapshot[] = [];
  const sessions: SessionSnapshot[] = [];
  let head: Extract<Part, { kind: 'head' }> | undefined;
  for (const bytes of parts) {
    const part = JSON.parse(bytes.toString('utf8')) as Part;
    if (part.kind === 'head') head = part;
    else if (part.kind === 'users') users.push(...part.users);
    else sessions.push(...part.sessions);
  }
  if (head === undefined) throw new Error('a snapshot without its head');
  const { position, epochStarts, origins = [] } = head;
  return { snapshot: { position, users, sessions, origins }, epochStarts };
}
