/** The four parts of a takeover, as the page names and colours them. */
import type { Part } from '../report.js';

export interface PartLook {
  readonly part: Part;
  /** Its colour in the style sheet. */
  readonly look: string;
  readonly name: string;
  readonly meaning: string;
}

export const PART_LOOKS: readonly PartLook[] = [
  { part: 'detectMs', look: 'detect', name: 'detect', meaning: 'until the router drops the lost primary' },
  { part: 'promoteMs', look: 'promote', name: 'promote', meaning: 'until another server is primary' },
  {
    part: 'reconnectMs',
    look: 'reconnect',
    name: 'reconnect',
    meaning: 'until the last person is live on it',
  },
  {
    part: 'firstPostMs',
    look: 'first-post',
    name: 'first post',
    meaning: 'until a post is acknowledged, if none was before that',
  },
];
