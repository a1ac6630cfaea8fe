/**
 * The outcome of a request as one number. Each session keeps its last outcomes, and a snapshot copies all
 * sessions in one step: objects would take several times the memory, and many times the time.
 *
 * It never leaves a process, so the order of the codes may change.
 */
import type { Reply } from '../entry.js';
import type { Position } from '../ids.js';
import { SOCIAL_REASONS, type SocialReason } from '../reasons.js';

export type PackedReply = number;

const OUTCOMES: readonly (SocialReason | 'ok')[] = ['ok', ...(Object.keys(SOCIAL_REASONS) as SocialReason[])];
/**
 * Room for the outcome codes. The rest of a safe integer is for the position: at a million entries a second
 * it lasts for 17 years.
 */
const OUTCOME_CODES = 16;
const CODE_OF: ReadonlyMap<SocialReason | 'ok', number> = new Map(
  OUTCOMES.map((outcome, code) => [outcome, code]),
);

export function packReply(reply: Reply): PackedReply {
  const code = CODE_OF.get(reply.kind === 'ok' ? 'ok' : reply.reason) ?? 0;
  return reply.position * OUTCOME_CODES + code;
}

export function unpackReply(packed: PackedReply): Reply {
  const code = packed % OUTCOME_CODES;
  const position = ((packed - code) / OUTCOME_CODES) as Position;
  const outcome = OUTCOMES[code] ?? 'ok';
  return outcome === 'ok' ? { kind: 'ok', position } : { kind: 'refused', position, reason: outcome };
}
