import { plays } from './play.fixture.js';

plays(
  'an answer to a question of an earlier reign on the same stream is none to a new question',
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
  the operator asks for a handover
    s1: hands over: takes no more writes
    s1: all in-sync members hold everything up to 2: asks for another primary
    router: epoch 2 is s2's; in sync: s1 s2 s3
    router: tells the operator that it is done
    s2: tells of epoch 2
    s2: primary of epoch 2, journal at 2
    s1: no longer primary of epoch 1: epoch 2 belongs to s2
    s3: tells of epoch 2
    s2: s1 joined at 2, 1 entries behind
    s2: s3 joined at 2, 1 entries behind
    s1: follows s2 in epoch 2 from 2
    s3: follows s2 in epoch 2 from 2
    s2: serves epoch 2 from 3, 0.0 ms after it was assigned
  the operator asks for a handover
    s2: hands over: takes no more writes
    s2: all in-sync members hold everything up to 3: asks for another primary
    router: epoch 3 is s1's; in sync: s1 s2 s3
    router: tells the operator that it is done
    s1: tells of epoch 3
    s1: primary of epoch 3, journal at 3
    s2: no longer primary of epoch 2: epoch 3 belongs to s1
    s3: tells of epoch 3
    s1: s2 joined at 3, 1 entries behind
    s1: s3 joined at 3, 1 entries behind
    s2: follows s1 in epoch 3 from 3
    s3: follows s1 in epoch 3 from 3
    s1: serves epoch 3 from 4, 0.0 ms after it was assigned
  s3 crashes
    router: epoch 3 is s1's; in sync: s1 s2
    s1: s3 stopped replicating: the stream ended
    s1: in-sync set is now s1 s2
  nothing gets from s1 to the router
  s3 starts
    s1: s3 joined at 4, 0 entries behind
    s3: follows s1 in epoch 3 from 4
    s1: asks the router to add s3
  the disk of s3 hangs
  s2 crashes
    router: epoch 3 is s1's; in sync: s1
    s1: s2 stopped replicating: the stream ended
    s1: in-sync set is now s1
  mira posts "hi" at s1
  all gets from s1 to the router
    router: epoch 3 is s1's; in sync: s1 s3
  s1 crashes
    mira: 2 is broken off
    router: epoch 4 is s3's; in sync: s3
    s3: stopped following s1 in epoch 3: the process is gone
    s3: primary of epoch 4, journal at 5
  the disk of s3 goes on
    s3: serves epoch 4 from 6, 0.0 ms after it was assigned
  mira sends number 2 at s3
    mira: 2 is ok at 5 (s3, epoch 4)`,
);

plays(
  'a cut between primary and standby alone holds writes up for the dead-after time, once',
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
  s1 and s2 are cut off from each other
  mira posts "hi" at s1
  400 ms pass
  200 ms pass
    s1: s2 stopped replicating: nothing heard for 500 ms
    s1: asks the router to remove s2
    s2: stopped following s1 in epoch 1: nothing heard for 500 ms
    router: epoch 1 is s1's; in sync: s1
    s1: in-sync set is now s1; s2 fell out: nothing was heard of it for 500 ms
    mira: 2 is ok at 3 (s1, epoch 1)`,
  2,
);

plays(
  'a standby that comes again and again and never gets on holds nothing up for longer',
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
  200 ms pass
  the stream from s2 to its primary breaks
    s1: s2 stopped replicating: the stream ended
    s2: stopped following s1 in epoch 1: the stream broke
  200 ms pass
    s1: s2 joined at 3, 0 entries behind
    s2: follows s1 in epoch 1 from 3
  the stream from s2 to its primary breaks
    s1: s2 stopped replicating: the stream ended
    s2: stopped following s1 in epoch 1: the stream broke
  200 ms pass
    s1: asks the router to remove s2
    router: epoch 1 is s1's; in sync: s1
    s1: s2 joined at 3, 0 entries behind
    s1: in-sync set is now s1; s2 fell out: writes waited 500 ms for it, its disk or the way to it is slow; it comes back when it has kept up for 10000 ms
    mira: 2 is ok at 3 (s1, epoch 1)
    s2: follows s1 in epoch 1 from 3
  the stream from s2 to its primary breaks
    s1: s2 stopped replicating: the stream ended
    s2: stopped following s1 in epoch 1: the stream broke
  200 ms pass
    s1: s2 joined at 3, 0 entries behind
    s2: follows s1 in epoch 1 from 3
  the stream from s2 to its primary breaks
    s1: s2 stopped replicating: the stream ended
    s2: stopped following s1 in epoch 1: the stream broke
  the disk of s2 goes on
  100 ms pass
    s1: s2 joined at 3, 0 entries behind
    s2: follows s1 in epoch 1 from 3
  9900 ms pass
  200 ms pass
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2`,
  2,
);

plays(
  'a standby that fell out for slowness comes back when it has kept up for a while, all the time',
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
  mira posts "waits" at s1
  600 ms pass
    s1: asks the router to remove s2
    router: epoch 1 is s1's; in sync: s1
    s1: in-sync set is now s1; s2 fell out: writes waited 500 ms for it, its disk or the way to it is slow; it comes back when it has kept up for 10000 ms
    mira: 2 is ok at 3 (s1, epoch 1)
  the disk of s2 goes on
  9000 ms pass
  the disk of s2 hangs
  mira posts "slow once more, and nobody waits" at s1
    mira: 3 is ok at 4 (s1, epoch 1)
  400 ms pass
  the disk of s2 goes on
  9900 ms pass
  mira posts "nor now" at s1
    mira: 4 is ok at 5 (s1, epoch 1)
  200 ms pass
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2`,
  2,
);

plays(
  'a standby that fell out for its silence comes back at once',
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
  s1 and s2 are cut off from each other
  600 ms pass
    s1: s2 stopped replicating: nothing heard for 500 ms
    s1: asks the router to remove s2
    s2: stopped following s1 in epoch 1: nothing heard for 500 ms
    router: epoch 1 is s1's; in sync: s1
    s1: in-sync set is now s1; s2 fell out: nothing was heard of it for 500 ms
  s1 and s2 are joined again
    s1: s2 joined at 1, 0 entries behind
    s2: follows s1 in epoch 1 from 1
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2`,
  2,
);

plays(
  'whoever has everything is not blamed while the removal of another takes long',
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
  nothing gets from the router to s1
  s3 crashes
    router: epoch 1 is s1's; in sync: s1 s2
    s1: s3 stopped replicating: the stream ended
  1000 ms pass
    s1: serves nobody: out of touch with the router and an in-sync standby for 500 ms
    s1: asks the router to remove s3
    s1: asks the router to remove s3
  all gets from the router to s1
    s1: in-sync set is now s1 s2; s3 fell out: nothing was heard of it for 1000 ms`,
);
