import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SupervisorWatchPlay } from './supervision-play.fixture.js';

/** Lines at the margin happen; indented ones are what must come of it. Intervals are 1 s. */
function play(title: string, script: string): void {
  test(title, () => assert.equal(new SupervisorWatchPlay().perform(script), script));
}

play(
  'a supervisor that is gone is replaced, one that comes back in time is not',
  `
begins
a supervisor attaches
20000 ms pass
its link ends
400 ms pass
a supervisor attaches
link 1 ends
5000 ms pass
its link ends
500 ms pass
  * supervisor-lost: there is no supervisor; starting another
  starts a supervisor
a supervisor attaches
`,
);

play(
  'where none attaches whoever holds the place is replaced, less and less often',
  `
begins
1000 ms pass
  * supervisor-lost: there is no supervisor; starting another
  starts a supervisor
10000 ms pass
  * supervisor-lost: there is no supervisor; starting another
  starts a supervisor in place of whoever holds the place
20000 ms pass
  * supervisor-lost: there is no supervisor; starting another
  starts a supervisor in place of whoever holds the place
a supervisor attaches
its link ends
500 ms pass
  * supervisor-lost: there is no supervisor; starting another
  starts a supervisor
`,
);

play(
  'a frozen supervisor is replaced',
  `
begins
a supervisor attaches
it freezes
5000 ms pass
  closes link 1
  * supervisor-lost: the supervisor says nothing for 3000 ms; starting another
  starts a supervisor in place of whoever holds the place
`,
);

play(
  'a server that was stopped itself does not blame its supervisor',
  `
begins
a supervisor attaches
1000 ms pass
3600000 ms pass in which nobody here runs
2000 ms pass
`,
);

play(
  'a newer supervisor takes the place of an older; a server that ends needs none',
  `
begins
a supervisor attaches
a supervisor attaches
  closes link 1
link 1 ends
5000 ms pass
the server is told to stop
20000 ms pass
`,
);
