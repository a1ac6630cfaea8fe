/** The kinds of abuse. */
export const ABUSES = [
  'garbage',
  'half-open',
  'connections',
  'oversize',
  'never-reads',
  'flood',
  'streams',
] as const;
export type Abuse = (typeof ABUSES)[number];
