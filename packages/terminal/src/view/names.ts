/** Names on the screen. */
import { type SessionTarget, serverNameIn } from '@dualping/client';
import type { TimelineId } from '../state/state.js';
import { lineOf } from './spans.js';

export function timelineTitle(timeline: TimelineId): string {
  if (timeline === 'home') return 'Home';
  return timeline === 'mentions' ? 'Mentions' : lineOf(timeline);
}

export const serverText = ({ cluster, serverId }: SessionTarget): string => serverNameIn(cluster, serverId);

/** A glyph and not only a colour: `●` is present, `○` is away. */
export const presenceGlyph = (present: boolean): string => (present ? '●' : '○');
