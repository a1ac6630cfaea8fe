import { plays } from './play.fixture.js';

plays(
  'a tail that no standby had is cut when the old primary comes back',
  `
  the router starts
  s1 s2 start
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
    s1: s2 joined at 0, 1 entries behind
    s2: follows s1 in epoch 1 from 0
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  nothing gets from s1 to s2
  mira posts "lost" at s1
  s1 crashes
    mira: 2 is broken off
    router: epoch 2 is s2's; in sync: s2
    s2: tells of epoch 2
    s2: primary of epoch 2, journal at 2
    s2: serves epoch 2 from 3, 0.0 ms after it was assigned
  (journals)
    s1: 1e1 2e1 3e1
    s2: 1e1 2e1 3e2
    s3: empty
  s1 and s2 are joined again
  mira sends number 2 at s2
    mira: 2 is ok at 4 (s2, epoch 2)
  mira posts "found" at s2
    mira: 3 is ok at 5 (s2, epoch 2)
  s1 starts
    s2: s1 joined at 2, 3 entries behind
    s1: cuts entries 3 to 3, which the primary of epoch 2 does not have
    s1: follows s2 in epoch 2 from 2
    s2: asks the router to add s1
    router: epoch 2 is s2's; in sync: s2 s1
  100 ms pass
  (journals)
    s1: 1e1 2e1 3e2 4e2 5e2
    s2: 1e1 2e1 3e2 4e2 5e2
    s3: empty`,
);

plays(
  'a tail that the standby had survives, and a resend of it is recognised',
  `
  the router starts
  s1 s2 start
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
    s1: s2 joined at 0, 1 entries behind
    s2: follows s1 in epoch 1 from 0
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  nothing gets from s2 to s1
  mira posts "kept" at s1
  the disk of s2 hangs
  s1 crashes
    mira: 2 is broken off
    router: epoch 2 is s2's; in sync: s2
    s2: stopped following s1 in epoch 1: the process is gone
    s2: primary of epoch 2, journal at 3
  mira sends number 2 at s2
  mira sends number 2 at s2
  the disk of s2 goes on
    mira: 2 is ok at 3 (s2, epoch 2)
    mira: 2 is ok at 3 (s2, epoch 2)
    s2: serves epoch 2 from 4, 0.0 ms after it was assigned
  mira sends number 2 at s2
    mira: 2 is ok at 3 (s2, epoch 2)
  mira posts "next" at s2
    mira: 3 is ok at 5 (s2, epoch 2)
  s1 and s2 are joined again
  s1 starts
    s2: s1 joined at 3, 2 entries behind
    s1: follows s2 in epoch 2 from 3
    s2: asks the router to add s1
    router: epoch 2 is s2's; in sync: s2 s1
  100 ms pass
  (journals)
    s1: 1e1 2e1 3e1 4e2 5e2
    s2: 1e1 2e1 3e1 4e2 5e2
    s3: empty`,
);

plays(
  'fencing: a primary cut off from the router hears of the next epoch from its standby',
  `
  the router starts
  s1 s2 s3 start
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
    s1: s2 joined at 0, 1 entries behind
    s2: follows s1 in epoch 1 from 0
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
    s1: s3 joined at 0, 1 entries behind
    s3: follows s1 in epoch 1 from 0
    s1: asks the router to add s3
    router: epoch 1 is s1's; in sync: s1 s2 s3
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  s1 and the router are cut off from each other
  mira posts "hi" at s1
    mira: 2 is ok at 3 (s1, epoch 1)
  nothing gets from s2 to s1
  nothing gets from s3 to s1
  mira posts "hi" at s1
  500 ms pass
    router: epoch 2 is s2's; in sync: s2 s3
    s1: s2 stopped replicating: nothing heard for 500 ms
    s1: s3 stopped replicating: nothing heard for 500 ms
    s1: serves nobody: out of touch with the router and an in-sync standby for 500 ms
    mira: 3 is refused: not-primary
    s1: asks the router to remove s2
    s1: asks the router to remove s3
    s2: tells of epoch 2
    s2: primary of epoch 2, journal at 4
    s3: tells of epoch 2
    s2: s3 joined at 4, 1 entries behind
    s3: follows s2 in epoch 2 from 4
    s2: serves epoch 2 from 5, 0.0 ms after it was assigned
  s3 and s1 are joined again
  s2 and s1 are joined again
  mira posts "hi" at s2
    mira: 4 is ok at 6 (s2, epoch 2)
  s1 and the router are joined again
    s1: lost the router at router: nothing was heard of it for 500 ms
  2000 ms pass
    s1: no longer primary of epoch 1: epoch 2 belongs to s2
    s2: s1 joined at 4, 2 entries behind
    s1: follows s2 in epoch 2 from 4
    s2: asks the router to add s1
    router: epoch 2 is s2's; in sync: s2 s3 s1
  (journals)
    all equal, up to 6`,
);

plays(
  'a primary that is frozen and thaws finds that it is none any more',
  `
  the router starts
  s1 s2 s3 start
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
    s1: s2 joined at 0, 1 entries behind
    s2: follows s1 in epoch 1 from 0
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
    s1: s3 joined at 0, 1 entries behind
    s3: follows s1 in epoch 1 from 0
    s1: asks the router to add s3
    router: epoch 1 is s1's; in sync: s1 s2 s3
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  s1 freezes
  mira posts "hi" at s1
  700 ms pass
    router: epoch 2 is s2's; in sync: s2 s3
    s2: stopped following s1 in epoch 1: nothing heard for 500 ms
    s3: stopped following s1 in epoch 1: nothing heard for 500 ms
    s2: primary of epoch 2, journal at 2
    s2: s3 joined at 2, 1 entries behind
    s3: follows s2 in epoch 2 from 2
    s2: serves epoch 2 from 3, 0.0 ms after it was assigned
  mira sends number 2 at s2
    mira: 2 is ok at 4 (s2, epoch 2)
  60000 ms pass
  s1 thaws
    s1: lost the router at router: nothing was heard of it for 500 ms
    s1: s2 stopped replicating: the stream ended
    s1: s3 stopped replicating: the stream ended
  100 ms pass
    s1: no longer primary of epoch 1: epoch 2 belongs to s2
    mira: 2 is refused: not-primary
    s2: s1 joined at 2, 2 entries behind
    s1: cuts entries 3 to 3, which the primary of epoch 2 does not have
    s1: follows s2 in epoch 2 from 2
    s2: asks the router to add s1
    router: epoch 2 is s2's; in sync: s2 s3 s1
  (journals)
    all equal, up to 4`,
);

plays(
  'out of touch with the router and a standby, a primary serves nobody, and serves again when it is back',
  `
  the router starts
  s1 s2 start
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
    s1: s2 joined at 0, 1 entries behind
    s2: follows s1 in epoch 1 from 0
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  mira opens a timeline at s1
    mira: is on s1 at 2
  the router crashes
    s1: lost the router at router: the router is gone
    s2: lost the router at router: the router is gone
  s1 and s2 are cut off from each other
  mira posts "hi" at s1
  700 ms pass
    s1: can't attach to the router at router, goes on trying: nobody is there
    s2: can't attach to the router at router, goes on trying: nobody is there
    s1: s2 stopped replicating: nothing heard for 500 ms
    s1: serves nobody: out of touch with the router and an in-sync standby for 500 ms
    mira: 2 is refused: not-primary
    mira: has lost the timeline: not-primary
    s2: stopped following s1 in epoch 1: nothing heard for 500 ms
  mira posts "ho" at s1
    mira: 3 is refused: not-primary
  mira opens a timeline at s1
    mira: has lost the timeline: not-primary
  s1 and s2 are joined again
    s1: s2 joined at 2, 1 entries behind
    s2: follows s1 in epoch 1 from 2
  the router starts
  500 ms pass
    s1: in touch again, serves again
  mira sends number 2 at s1
    mira: 2 is ok at 3 (s1, epoch 1)
  mira opens a timeline at s1
    mira: is on s1 at 3
    mira: sees 3 "hi"`,
);

plays(
  'a request that comes before its epoch waits for it, and is refused when it does not come',
  `
  the router starts
  s1 s2 start
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
    s1: s2 joined at 0, 1 entries behind
    s2: follows s1 in epoch 1 from 0
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  mira posts "early" at s2 expecting epoch 2
  mira lists at s2 expecting epoch 2
  ben logs in at s2 expecting epoch 9
  s1 crashes
    router: epoch 2 is s2's; in sync: s2
    s2: stopped following s1 in epoch 1: the process is gone
    s2: primary of epoch 2, journal at 2
    s2: serves epoch 2 from 3, 0.0 ms after it was assigned
    mira: the list has mira
    mira: 2 is ok at 4 (s2, epoch 2)
  600 ms pass
    ben: 1 is refused: not-primary`,
);

plays(
  'a router that was started waits for all who were in sync before it promotes one of them',
  `
  the router starts
  s1 s2 s3 start
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
    s1: s2 joined at 0, 1 entries behind
    s2: follows s1 in epoch 1 from 0
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
    s1: s3 joined at 0, 1 entries behind
    s3: follows s1 in epoch 1 from 0
    s1: asks the router to add s3
    router: epoch 1 is s1's; in sync: s1 s2 s3
  s2 crashes
    router: epoch 1 is s1's; in sync: s1 s3
    s1: s2 stopped replicating: the stream ended
    s1: in-sync set is now s1 s3
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  the router crashes
    s1: lost the router at router: the router is gone
    s3: lost the router at router: the router is gone
  s1 crashes
    s3: stopped following s1 in epoch 1: the process is gone
  s3 freezes
  the router starts
  the disk of s2 hangs
  s1 s2 start
    router: epoch 1 is s1's, who is away; in sync: s1 s3
  s1 crashes
  s3 thaws
    router: epoch 2 is s3's; in sync: s3
    s3: primary of epoch 2, journal at 2
    s3: serves epoch 2 from 3, 0.0 ms after it was assigned
    s3: s2 joined at 1, 2 entries behind
    s2: follows s3 in epoch 2 from 1
  100 ms pass
  mira sends number 1 at s3
    mira: 1 is ok at 2 (s3, epoch 2)`,
);

plays(
  'the standby that is promoted tells the old primary, which the router can not reach',
  `
  the router starts
  s1 s2 start
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
    s1: s2 joined at 0, 1 entries behind
    s2: follows s1 in epoch 1 from 0
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  mira opens a timeline at s1
    mira: is on s1 at 2
  s1 and the router are cut off from each other
  500 ms pass
    router: epoch 2 is s2's; in sync: s2
    s2: tells of epoch 2
    s2: primary of epoch 2, journal at 2
    s1: no longer primary of epoch 1: epoch 2 belongs to someone else
    mira: has lost the timeline: not-primary
    s2: serves epoch 2 from 3, 0.0 ms after it was assigned
  mira posts "hi" at s1
    mira: 2 is refused: not-primary`,
);

plays(
  'a request for an epoch that never comes is held for the dead-after time, whatever else the router tells',
  `
  the router starts
  s1 s2 start
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
    s1: s2 joined at 0, 1 entries behind
    s2: follows s1 in epoch 1 from 0
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
  ben logs in at s2 expecting epoch 9
  300 ms pass
  s3 starts
    s1: s3 joined at 0, 1 entries behind
    s3: follows s1 in epoch 1 from 0
    s1: asks the router to add s3
    router: epoch 1 is s1's; in sync: s1 s2 s3
  300 ms pass
    ben: 1 is refused: not-primary`,
);

plays(
  'while nobody can name another primary, a standby says once that the old one is gone',
  `
  the router starts
  s1 s2 start
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
    s1: s2 joined at 0, 1 entries behind
    s2: follows s1 in epoch 1 from 0
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
  the router crashes
    s1: lost the router at router: the router is gone
    s2: lost the router at router: the router is gone
  s1 crashes
    s2: stopped following s1 in epoch 1: the process is gone
  5000 ms pass
    s2: can't attach to the router at router, goes on trying: nobody is there
    s2: stopped following s1 in epoch 1: nobody is there`,
);
