/**
 * Decides what the client does about each event.
 *
 * One pure function: an event and the state before give the state after, and effects for the session, the
 * terminal and the disk. So a test can replay a long session without any of them.
 */
import { unreachable } from '../unreachable.js';
import { answeredCame, answeredFailed } from './answers.js';
import { filled, pageCame, pageFailed, peopleCame, posted, postFailed, postsCame } from './arrivals.js';
import { editedElsewhere } from './composing.js';
import { sessionChanged, sessionMoved, timePassed } from './connection.js';
import { type Event, just, type Step, then } from './events.js';
import { sought } from './finding.js';
import { problem, said } from './notices.js';
import { remembered } from './remembering.js';
import type { Clock, State } from './state.js';
import { tokenCame } from './tokens.js';

export const step = (before: State, clock: Clock, event: Event): Step =>
  then(
    then(timePassed({ ...before, clock }), (state) => changed(state, event)),
    (state) => {
      const isNewHere = state.timeline !== before.timeline || before.posts.length === 0;
      return isNewHere && state.posts.length > 0 ? filled(state) : just(state);
    },
  );

function changed(state: State, event: Event): Step {
  switch (event.kind) {
    case 'session':
      return sessionChanged(state, event.session);
    case 'moved':
      return sessionMoved(state, event.move);
    case 'posts':
      return postsCame(state, event.posts);
    case 'page':
      return then(pageCame(state, event.page), sought);
    case 'page-failed':
      return pageFailed(state, event.detail);
    case 'answered':
      return just(answeredCame(state, event.of, event.post));
    case 'answered-failed':
      return just(answeredFailed(state, event.of, event.detail));
    case 'people':
      return peopleCame(state, event.lists);
    case 'posted':
      return posted(state, event.id, event.position);
    case 'post-failed':
      return postFailed(state, event.id, event.reason, event.detail);
    case 'said':
      return just(said(state, event.text), { kind: 'list' });
    case 'problem':
      return just(problem(state, event.text));
    case 'edited':
      return just(editedElsewhere(state, event.timeline, event.text));
    case 'remembered':
      return remembered(state, event.kept, event.another);
    case 'token':
      return tokenCame(state, event.token);
    case 'resized':
      return just({ ...state, size: event.size });
    case 'clock':
      return just(state);
    default:
      return unreachable(event);
  }
}
