/** What things are called on the screen. */
import { type SessionTarget, serverNameIn } from '@dualping/client';
import type { TimelineId } from '../state/state.js';
import { lineOf } from './spans.js';

export function timelineTitle(timeline: TimelineId): string {
  if (timeline === 'home') return 'Home';
  return timeline === 'mentions' ? 'Mentions' : lineOf(timeline);
}

export const serverText = ({ cluster, serverId }: SessionTarget): string => serverNameIn(cluster, serverId);

/** Glyph and not colour alone: `●` is here, `○` is away. */
export const presenceGlyph = (present: boolean): string => (present ? '●' : '○');
