import { plays } from './play.fixture.js';

plays(
  'the router is not on the data path: writes go on without it, and nobody fails over when it is back',
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
  the router crashes
    s1: lost the router at router: the router is gone
    s2: lost the router at router: the router is gone
  mira posts "without" at s1
    mira: 2 is ok at 3 (s1, epoch 1)
  3000 ms pass
    s1: can't attach to the router at router, goes on trying: nobody is there
    s2: can't attach to the router at router, goes on trying: nobody is there
  mira posts "still without" at s1
    mira: 3 is ok at 4 (s1, epoch 1)
  the router starts
  3000 ms pass
  mira posts "with" at s1
    mira: 4 is ok at 5 (s1, epoch 1)
  (journals)
    all equal, up to 5`,
  2,
);

plays(
  'a question that was lost with the router is asked again, and waited for until the new one has spoken',
  `
  the router starts
  s1 starts
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  nothing gets from s1 to the router
  s2 starts
    s1: s2 joined at 0, 2 entries behind
    s2: follows s1 in epoch 1 from 0
    s1: asks the router to add s2
  the disk of s2 hangs
  mira posts "hi" at s1
  the router crashes
    s1: lost the router at router: the router is gone
    s2: lost the router at router: the router is gone
  all gets from s1 to the router
  the router starts
  100 ms pass
    s1: in-sync set is now s1
    mira: 2 is ok at 3 (s1, epoch 1)
  the disk of s2 goes on
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
  100 ms pass`,
  2,
);

plays(
  'a primary that does not attach again in time after a restart of the router is followed by a standby',
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
  the router crashes
    s1: lost the router at router: the router is gone
    s2: lost the router at router: the router is gone
  s1 and the router are cut off from each other
  the router starts
  2100 ms pass
    router: epoch 1 is s1's, who is away; in sync: s1 s2
    router: epoch 2 is s2's; in sync: s2
    s2: tells of epoch 2
    s2: primary of epoch 2, journal at 2
    s1: no longer primary of epoch 1: epoch 2 belongs to someone else
    s2: serves epoch 2 from 3, 0.0 ms after it was assigned
  mira posts "hi" at s2
    mira: 2 is ok at 4 (s2, epoch 2)
  s1 and the router are joined again
    s2: s1 joined at 2, 2 entries behind
    s1: follows s2 in epoch 2 from 2
    s2: asks the router to add s1
    s2: in-sync set is now s2
  4000 ms pass
    s2: asks the router to add s1
    router: epoch 2 is s2's; in sync: s2 s1
  mira posts "ho" at s1
    mira: 3 is refused: not-primary
  (journals)
    all equal, up to 4`,
  2,
);

plays(
  'a server that was wiped is another copy: it is not in sync until it has everything',
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
  s2 crashes
    router: epoch 1 is s1's; in sync: s1
    s1: s2 stopped replicating: the stream ended
    s1: in-sync set is now s1
  s2 is wiped
  the disk of s2 hangs
  s2 starts
    s1: s2 joined at 0, 2 entries behind
    s2: follows s1 in epoch 1 from 0
  mira posts "hi" at s1
    mira: 2 is ok at 3 (s1, epoch 1)
  the disk of s2 goes on
  100 ms pass
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
  (journals)
    all equal, up to 3`,
  2,
);
