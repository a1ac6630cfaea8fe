import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SupervisorPlay } from './supervision-play.fixture.js';

/** Lines at the margin happen; indented ones are what must come of it. Intervals are 1 s. */
function play(title: string, script: string): void {
  test(title, () => assert.equal(new SupervisorPlay().perform(script), script));
}

play(
  'a server that dies is reported once and started again; the wait grows, and is short again after a healthy spell',
  `
begins with nothing running
  starts it
it listens, incarnation 1
  opens link 1
100 ms pass
it welcomes
it exits, died
  * died: s1 ended (died); starting again in 100 ms
  tells the router that incarnation 1 is gone: ended (died)
the router has noted it
100 ms pass
  starts it
it listens, incarnation 2
  opens link 2
100 ms pass
it welcomes
1000 ms pass
it exits, died
  * died: s1 ended (died); starting again in 200 ms
  tells the router that incarnation 2 is gone: ended (died)
the router has noted it
200 ms pass
  starts it
it listens, incarnation 3
  opens link 3
it welcomes
10000 ms pass
it exits, died
  * died: s1 ended (died); starting again in 100 ms
  tells the router that incarnation 3 is gone: ended (died)
100 ms pass
  starts it
`,
);

play(
  'silence is a hang; the end of a link is not, and does not interrupt the silence',
  `
begins with nothing running
  starts it
it listens, incarnation 4
  opens link 1
it welcomes
5000 ms pass
the link breaks
100 ms pass
  opens link 2
it welcomes
5000 ms pass
# Words of a link that is over don't count.
it freezes
the link breaks
100 ms pass
  opens link 3
it welcomes on link 2
4000 ms pass
  * hung: s1 says nothing for 3100 ms and is killed
  closes link 3
  kills it
  tells the router that incarnation 4 is gone: it hangs: says nothing for 3100 ms
it exits, died
  * died: s1 ended (died); starting again in 100 ms
100 ms pass
  starts it
`,
);

play(
  'a supervisor that was stopped itself does not blame the server',
  `
begins with nothing running
  starts it
it listens, incarnation 1
  opens link 1
it welcomes
1000 ms pass
3600000 ms pass in which nobody here runs
3000 ms pass
`,
);

play(
  'a refusal for good is the end of it, so that an older copy of a server does not get in by being restarted',
  `
begins with nothing running
  starts it
it listens, incarnation 7
  opens link 1
it welcomes
it says that it ends, refused: stale-incarnation: 7 is not above 9
it exits, died
  * given-up: s1 is refused for good, and is not started again: stale-incarnation: 7 is not above 9
  finished: given up, refused: stale-incarnation: 7 is not above 9
20000 ms pass
`,
);

play(
  'a refusal for good is known by the exit code, too',
  `
begins with nothing running
  starts it
it exits, refused
  * given-up: s1 is refused for good, and is not started again: ended (refused)
  finished: given up, refused: ended (refused)
`,
);

play(
  "a command line that can't work is not tried again",
  `
begins with nothing running
  starts it
it exits, misused
  * given-up: s1 can't be started as it is, and is not started again: ended (misused)
  finished: given up, misused: ended (misused)
`,
);

play(
  'an address that is taken for a while, or a folder, is tried again by one that was well before',
  `
begins with nothing running
  starts it
it listens, incarnation 1
  opens link 1
it welcomes
it exits, died
  * died: s1 ended (died); starting again in 100 ms
  tells the router that incarnation 1 is gone: ended (died)
the router has noted it
100 ms pass
  starts it
it exits, misused
  * died: s1 ended (misused); starting again in 200 ms
200 ms pass
  starts it
it exits, misused
  * died: s1 ended (misused); starting again in 400 ms
400 ms pass
  starts it
it listens, incarnation 2
  opens link 2
it welcomes
`,
);

play(
  'a server that runs is adopted and no other is started; nobody sees its exit code',
  `
begins with a process running
it listens, incarnation 3
  opens link 1
it welcomes
2000 ms pass
it exits, unseen
  * died: s1 is gone; starting again in 100 ms
  tells the router that incarnation 3 is gone: is gone
100 ms pass
  starts it
`,
);

play(
  'an adopted server that was refused says so itself',
  `
begins with a process running
it listens, incarnation 3
  opens link 1
it welcomes
it says that it ends, refused: stale-incarnation: 3 is not above 5
it exits, unseen
  * given-up: s1 is refused for good, and is not started again: stale-incarnation: 3 is not above 5
  finished: given up, refused: stale-incarnation: 3 is not above 5
`,
);

play(
  'told to stop, it ends the server in order and says so',
  `
begins with nothing running
  starts it
it listens, incarnation 1
  opens link 1
it welcomes
is told to stop
  tells it to end
100 ms pass
it exits, told
  finished: told, ended (told)
100 ms pass
`,
);

play(
  'a server that does not end when it is told to is killed',
  `
begins with nothing running
  starts it
it listens, incarnation 1
  opens link 1
it welcomes
is told to stop
  tells it to end
9000 ms pass
  * gave-up: s1 did not end in order within 8000 ms and is killed
  kills it
it exits, died
  finished: told, ended (died)
`,
);

play(
  'told to stop while it waits to start',
  `
begins with nothing running
  starts it
it exits, died
  * died: s1 ended (died); starting again in 100 ms
is told to stop
  finished: told, s1 is not running
`,
);

play(
  'a crash is reported until the router has noted it or the next life is there',
  `
begins with nothing running
  starts it
it listens, incarnation 1
  opens link 1
it welcomes
it exits, died
  * died: s1 ended (died); starting again in 100 ms
  tells the router that incarnation 1 is gone: ended (died)
the router can't be told
2000 ms pass
  starts it
  tells the router that incarnation 1 is gone: ended (died)
the router can't be told
it listens, incarnation 2
  opens link 2
it welcomes
20000 ms pass
`,
);

play(
  'a server that somebody else told to end takes its supervisor along',
  `
begins with nothing running
  starts it
it listens, incarnation 1
  opens link 1
it welcomes
it says that it ends, told: was told to end
it exits, unseen
  finished: told, was told to end
`,
);

play(
  'a process that never listens is killed',
  `
begins with nothing running
  starts it
599000 ms pass
1000 ms pass
  * hung: s1 does not listen 600000 ms after its start and is killed
  kills it
it exits, died
  * died: s1 ended (died); starting again in 100 ms
100 ms pass
  starts it
`,
);
