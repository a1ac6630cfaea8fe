import { plays } from './play.fixture.js';

plays(
  'the first primary opens its epoch; a standby is asked in; all hold the same',
  `
  the router starts
  s1 starts
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  mira posts "hi" at s1
    mira: 2 is ok at 3 (s1, epoch 1)
  s2 s3 start
    s1: s2 joined at 0, 3 entries behind
    s2: follows s1 in epoch 1 from 0
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
    s1: s3 joined at 0, 3 entries behind
    s3: follows s1 in epoch 1 from 0
    s1: asks the router to add s3
    router: epoch 1 is s1's; in sync: s1 s2 s3
  mira posts "ho" at s1
    mira: 3 is ok at 4 (s1, epoch 1)
  mira lists at s1
    mira: the list has mira
  ben lists at s1
    ben: the list is refused: unknown-user
  mira posts "hi" at s2
    mira: 4 is refused: not-primary
  100 ms pass
  (journals)
    all equal, up to 4`,
);

plays(
  'a commit waits for a standby from the moment in which the router is asked',
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
  400 ms pass
  the disk of s2 goes on
    mira: 2 is ok at 3 (s1, epoch 1)
  all gets from s1 to the router
    router: epoch 1 is s1's; in sync: s1 s2
  100 ms pass`,
);

plays(
  'a standby whose disk hangs is asked to be removed, and the commit waits until the router has said so',
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
  the disk of s2 hangs
  mira posts "hi" at s1
  300 ms pass
  nothing gets from the router to s1
  290 ms pass
    s1: asks the router to remove s2
    router: epoch 1 is s1's; in sync: s1
  all gets from the router to s1
    s1: in-sync set is now s1; s2 fell out: writes waited 500 ms for it, its disk or the way to it is slow; it comes back when it has kept up for 10000 ms
    mira: 2 is ok at 3 (s1, epoch 1)`,
);

plays(
  'requests come once: while on its way, after it, and after a failover',
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
  the disk of s2 hangs
  mira posts "hi" at s1
  mira sends number 2 at s1
  mira sends number 4 at s1
    mira: 4 is refused: sequence-gap
  the disk of s2 goes on
    mira: 2 is ok at 3 (s1, epoch 1)
    mira: 2 is ok at 3 (s1, epoch 1)
  mira sends number 2 at s1
    mira: 2 is ok at 3 (s1, epoch 1)
  mira sends number 1 at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  mira sends number 4 at s1
    mira: 4 is refused: sequence-gap
  s1 crashes
    router: epoch 2 is s2's; in sync: s2
    s2: stopped following s1 in epoch 1: the process is gone
    s2: primary of epoch 2, journal at 3
    s2: serves epoch 2 from 4, 0.0 ms after it was assigned
  mira sends number 2 at s2
    mira: 2 is ok at 3 (s2, epoch 2)
  mira posts "ho" at s2
    mira: 3 is ok at 5 (s2, epoch 2)
  (journals)
    s1: 1e1 2e1 3e1
    s2: 1e1 2e1 3e1 4e2 5e2
    s3: empty`,
);
