/**
 * Six csce438 dialects, from their descriptions: what their servers answer and their clients expect; how
 * their clients enter a timeline; how their servers register. Nothing here uses our code.
 */

/** The outcome of each call: a reply's text, or `STATUS: text` for a gRPC status. */
export interface Words {
  readonly login: string;
  readonly firstLogin: string;
  readonly loginWhileOn: string;
  readonly follow: string;
  readonly followSelf: string;
  readonly followTwice: string;
  readonly followUnknown: string;
  readonly unfollow: string;
  readonly unfollowSelf: string;
  readonly unfollowNotFollowed: string;
  readonly unfollowUnknown: string;
  readonly noArgument: string;
}

/**
 * How a client enters a timeline: whether it names its user in metadata, and its first message, if that is
 * not a post.
 */
export interface Entering {
  readonly metadata: boolean;
  readonly opener: string | undefined;
}

/**
 * How a server learns the user of a timeline: from the first message, from one known text, or only from
 * metadata.
 */
export type TimelineKind = 'first-message' | 'known-opener' | 'metadata';

export type ClusterIn = 'cluster-id' | 'clusterid' | 'field' | 'server-id';

export interface Dialect {
  readonly name: string;
  readonly words: Words;
  readonly entering: Entering;
  readonly server: { readonly type: string; readonly clusterIn: ClusterIn; readonly timeline: TimelineKind };
}

export const KNOWN_OPENER = 'Hi server thismostlikelywouldnotbewrittenbyaperson';

const cancelled = (text: string): string => `CANCELLED: ${text}`;

export const DIALECTS: readonly Dialect[] = [
  {
    name: 'names',
    words: {
      login: 'SUCCESS',
      firstLogin: 'SUCCESS',
      loginWhileOn: cancelled('FAILURE_INVALID_USERNAME'),
      follow: 'SUCCESS',
      followSelf: 'FAILURE_ALREADY_EXISTS',
      followTwice: 'FAILURE_ALREADY_EXISTS',
      followUnknown: 'FAILURE_INVALID_USERNAME',
      unfollow: 'SUCCESS',
      unfollowSelf: 'FAILURE_INVALID_USERNAME',
      unfollowNotFollowed: 'FAILURE_NOT_A_FOLLOWER',
      unfollowUnknown: 'FAILURE_INVALID_USERNAME',
      noArgument: 'FAILURE_INVALID',
    },
    entering: { metadata: false, opener: 'Timeline' },
    server: { type: 'server', clusterIn: 'clusterid', timeline: 'first-message' },
  },
  {
    name: 'text',
    words: {
      login: '',
      firstLogin: '',
      loginWhileOn: cancelled('You are already logged in'),
      follow: '',
      followSelf: 'You cannot follow yourself',
      followTwice: 'You already follow the target',
      followUnknown: 'Target does not exist',
      unfollow: '',
      unfollowSelf: 'You cannot unfollow yourself',
      unfollowNotFollowed: 'You were never following the target',
      unfollowUnknown: 'Target does not exist',
      noArgument: 'Target does not exist',
    },
    entering: { metadata: false, opener: '' },
    server: { type: 'SERVER', clusterIn: 'cluster-id', timeline: 'first-message' },
  },
  {
    name: 'words',
    words: {
      login: '',
      firstLogin: '',
      loginWhileOn: cancelled('Username already exists'),
      follow: '',
      followSelf: 'Input username already exists',
      followTwice: 'Input username already exists',
      followUnknown: 'Invalid username',
      unfollow: '',
      unfollowSelf: 'Invalid username',
      unfollowNotFollowed: 'Invalid username',
      unfollowUnknown: 'Invalid username',
      noArgument: 'Invalid command',
    },
    entering: { metadata: false, opener: KNOWN_OPENER },
    server: { type: '', clusterIn: 'server-id', timeline: 'known-opener' },
  },
  {
    name: 'course',
    words: {
      login: 'Login Successful!',
      firstLogin: 'Login Successful!',
      loginWhileOn: 'you have already joined',
      follow: 'Follow Successful',
      followSelf: 'Join Failed -- Already Following User',
      followTwice: 'Join Failed -- Already Following User',
      followUnknown: 'Join Failed -- Invalid Username',
      unfollow: 'UnFollow Successful',
      unfollowSelf: 'You are not a follower',
      unfollowNotFollowed: 'You are not a follower',
      unfollowUnknown: 'Unknown follower',
      noArgument: 'Join Failed -- Invalid Username',
    },
    entering: { metadata: false, opener: 'Set Stream' },
    server: { type: '', clusterIn: 'field', timeline: 'first-message' },
  },
  {
    name: 'status',
    words: {
      login: '',
      firstLogin: '',
      loginWhileOn: cancelled('already logged in'),
      follow: '',
      followSelf: cancelled('same client'),
      followTwice: cancelled('already following'),
      followUnknown: cancelled('invalid username'),
      unfollow: '',
      unfollowSelf: cancelled('same client'),
      unfollowNotFollowed: cancelled('not following'),
      unfollowUnknown: cancelled('invalid username'),
      noArgument: cancelled('invalid username'),
    },
    entering: { metadata: true, opener: undefined },
    server: { type: '', clusterIn: 'cluster-id', timeline: 'metadata' },
  },
  {
    name: 'ok',
    words: {
      login: 'Login successful',
      firstLogin: 'New user created and logged in',
      loginWhileOn: cancelled('User already logged in'),
      follow: 'OK',
      followSelf: 'INVALID_USERNAME',
      followTwice: 'Already following user',
      followUnknown: 'User does not exist',
      unfollow: 'OK',
      unfollowSelf: 'INVALID_USERNAME',
      unfollowNotFollowed: 'Not following user',
      unfollowUnknown: 'User does not exist',
      noArgument: 'INVALID',
    },
    entering: { metadata: true, opener: '[handshake]' },
    server: { type: 'server', clusterIn: 'clusterid', timeline: 'first-message' },
  },
];

export const NAMES: Dialect = DIALECTS[0] as Dialect;
