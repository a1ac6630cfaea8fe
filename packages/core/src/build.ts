/**
 * What this build is, and what it knows that an older build does not.
 *
 * A level is a number. It rises when something is added that a build without it would not understand: a
 * message, a command in the journal, a limit. Every member says its level when it attaches. What came with a
 * level is used in a cluster only when the router and every member of it have that level, also members that
 * are away: they may come back. So an upgrade goes server by server, and until the last one has it, nothing
 * is sent that a server of the release before would take for nonsense.
 */

/** The release that it belongs to, as in package.json. */
export const VERSION = '0.1.0';
/** The highest level that it knows. */
export const LEVEL = 2;
/** Of builds that name no level, and of programs of others. */
export const FIRST_LEVEL = 1;

/** With which level each feature came that not every build has. */
export const FEATURE_LEVELS = {
  /** `please-rest` on a member's stream. */
  rest: 2,
} as const satisfies Record<string, number>;

/** A build, as it introduces itself. */
export interface Build {
  /** For people. */
  readonly version: string;
  readonly level: number;
}

export const OWN_BUILD: Build = Object.freeze({ version: VERSION, level: LEVEL });

/** For people: `0.1.0`. */
export const buildText = (build: Build | undefined): string =>
  build === undefined || build.version === '' ? 'of an unknown version' : build.version;
