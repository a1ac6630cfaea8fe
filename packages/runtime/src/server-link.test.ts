/** The link of a session to a server, with the server and the turns played by the test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  epoch,
  position,
  type SessionInput,
  type SessionOutput,
  serverId,
  type TimelineUpdate,
} from '@dualping/core';
import { type ServerCalls, ServerLink, type TimelineReader } from './server-link.js';
import type { Asker } from './session-driver.js';

const TARGET = { epoch: epoch(3), serverId: serverId(1), address: 's' };
const NO_NEWS: TimelineUpdate = {
  ...{ posts: [], written: [], refused: [] },
  ...{ opened: undefined, page: undefined, signs: undefined, answered: undefined },
};

function stage() {
  const fed: SessionInput[] = [];
  const done: string[] = [];
  const turn: (() => void)[] = [];
  const askers: Asker<never>[] = [];
  let reader: TimelineReader | undefined;
  const calls: ServerCalls = {
    openTimeline: (_, from) => {
      reader = from;
      return {
        write: (writes) => done.push(`writes ${writes.map(({ requestNo }) => requestNo)}`),
        ask: ({ kind }) => done.push(`asks ${kind}`),
        giveSign: () => done.push('sign'),
        close: () => done.push('closes'),
        abort: () => done.push('aborts'),
      };
    },
    write: ({ requestNo }, asker) => {
      done.push(`calls ${requestNo}`);
      askers.push(asker as Asker<never>);
    },
    list: (_, asker) => askers.push(asker as Asker<never>),
    keys: (_, asker) => askers.push(asker as Asker<never>),
    drop: (isSilent) => done.push(isSilent ? 'drops a silent one' : 'drops'),
    leave: () => done.push('leaves'),
  };
  const link = new ServerLink(
    { user: 'ann', mentions: true },
    calls,
    { soon: (work) => turn.push(work) },
    (input) => fed.push(input),
  );
  const open = (): void =>
    link.open({
      ...{ kind: 'open', link: 1, target: TARGET, sessionId: 's', history: 0, posts: true },
      resumeAfter: position(0),
    });
  const send = (requestNo: number, sessionId = 's'): void => {
    const command: Extract<SessionOutput, { kind: 'send' }>['command'] = {
      ...{ kind: 'post', user: 'ann', text: 'x' },
    };
    link.send({
      ...{ kind: 'send', link: 1, sendNo: requestNo * 10, target: TARGET },
      ...{ sessionId, requestNo, command },
    });
  };
  const hear = (news: Partial<TimelineUpdate>): void => reader?.heard({ ...NO_NEWS, ...news });
  const endTurn = (): void => {
    for (const work of turn.splice(0)) work();
  };
  return { link, fed, done, askers, open, send, hear, endTurn, ended: () => reader };
}

test('writes go as calls before the timeline is open, then on it, those of one turn together', () => {
  const { done, open, send, endTurn } = stage();
  send(1);
  open();
  send(2);
  send(3);
  send(1, 'of a session before');
  endTurn();
  send(4);
  endTurn();
  assert.deepEqual(done, ['calls 1', 'calls 1', 'writes 2,3', 'writes 4']);
});

test('an answer to several writes is given one by one, each once, and is a sign of life', () => {
  const { fed, open, send, hear, endTurn } = stage();
  open();
  for (const requestNo of [2, 3, 4]) send(requestNo);
  endTurn();
  const run = { requestNo: 2, positions: [position(7), position(8)], epoch: epoch(3) };
  const refused = { requestNo: 4, reason: 'unknown-post', detail: 'there is no post' } as const;
  hear({ written: [run], refused: [refused] });
  hear({ written: [run] });
  assert.deepEqual(fed, [
    { kind: 'reply', sendNo: 20, position: 7, epoch: 3 },
    { kind: 'reply', sendNo: 30, position: 8, epoch: 3 },
    { kind: 'request-failed', sendNo: 40, reason: 'unknown-post', detail: 'there is no post' },
    { kind: 'posts', link: 1, posts: [] },
    { kind: 'posts', link: 1, posts: [] },
  ]);
});

test('a page answers only the query that asked for it', () => {
  const { link, fed, open, hear } = stage();
  open();
  const page = { before: position(5), posts: [], oldest: true };
  hear({ page });
  link.ask({
    ...{ kind: 'ask', link: 1, sendNo: 1, target: TARGET },
    query: { kind: 'older', before: position(5), limit: 10 },
  });
  hear({ page: { ...page, before: position(9) } });
  assert.deepEqual(fed, []);
  hear({ page });
  hear({ page });
  assert.deepEqual(fed, [
    { kind: 'query-answered', sendNo: 1, answer: { kind: 'page', page: { posts: [], oldest: true } } },
  ]);
});

test('a link that is left sends its gathered writes, and ends in order', () => {
  const { link, done, open, send, endTurn } = stage();
  open();
  send(2);
  link.leave();
  link.drop(false);
  endTurn();
  assert.deepEqual(done, ['writes 2', 'closes', 'leaves']);
});

test('after a link was dropped nothing of it is fed any more', () => {
  const { link, fed, done, askers, open, send, hear, ended } = stage();
  send(1);
  open();
  link.drop(true);
  link.leave();
  askers[0]?.failed({ reason: 'may-have-happened', detail: 'broken' });
  hear({ signs: { intervalMs: 1, deadAfterMs: 3 } });
  ended()?.ended({ reason: 'shutting-down', detail: 'over' });
  assert.deepEqual(fed, []);
  assert.deepEqual(done, ['calls 1', 'aborts', 'drops a silent one']);
});
