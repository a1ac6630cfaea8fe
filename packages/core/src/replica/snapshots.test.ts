import { plays } from './play.fixture.js';

plays(
  'a new standby far behind pulls a snapshot, joins, takes over, and hands its own snapshot on',
  `
  the router starts
  s1 s3 start
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
    s1: s3 joined at 0, 1 entries behind
    s3: follows s1 in epoch 1 from 0
    s1: asks the router to add s3
    router: epoch 1 is s1's; in sync: s1 s3
  s3 crashes
    router: epoch 1 is s1's; in sync: s1
    s1: s3 stopped replicating: the stream ended
    s1: in-sync set is now s1
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  mira posts 1001 times at s1
    mira: 1002 is ok at 1003 (s1, epoch 1)
  s2 starts
    s2: pulls a snapshot from s1: the primary no longer has the entries that are missing here
    s2: starts over from a snapshot at 1003
    s1: s2 joined at 1003, 0 entries behind
    s2: follows s1 in epoch 1 from 1003
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
  mira posts "more" at s1
    mira: 1003 is ok at 1004 (s1, epoch 1)
  100 ms pass
  s1 crashes
    router: epoch 2 is s2's; in sync: s2
    s2: stopped following s1 in epoch 1: the process is gone
    s2: primary of epoch 2, journal at 1004
    s2: serves epoch 2 from 1005, 0.0 ms after it was assigned
  mira sends number 1003 at s2
    mira: 1003 is ok at 1004 (s2, epoch 2)
  mira sends number 1000 at s2
    mira: 1000 is ok at 1001 (s2, epoch 2)
  mira sends number 1 at s2
    mira: 1 is refused: request-too-old
  s3 starts
    s3: pulls a snapshot from s2: the primary no longer has the entries that are missing here
    s3: starts over from a snapshot at 1005
    s2: s3 joined at 1005, 0 entries behind
    s3: follows s2 in epoch 2 from 1005
    s2: asks the router to add s3
    router: epoch 2 is s2's; in sync: s2 s3
  s1 starts
    s2: s1 joined at 1004, 1 entries behind
    s1: follows s2 in epoch 2 from 1004
    s2: asks the router to add s1
    router: epoch 2 is s2's; in sync: s2 s3 s1
  mira opens a timeline at s2
    mira: is on s2 at 1005
    mira: sees 985 "number 983" to 1004 "more", 20 posts
  mira pages 3 posts before 4
    mira: reads before 4: 3 "number 1" (the oldest)
  100 ms pass
  (journals)
    all equal, up to 1005`,
);

plays(
  'a standby that needs a snapshot of a primary that does not serve yet asks again, but not at once',
  `
  the router starts
  s1 starts
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  mira posts 1001 times at s1
    mira: 1002 is ok at 1003 (s1, epoch 1)
  s1 crashes
    router: epoch 1 is s1's, who is away; in sync: s1
  the disk of s1 hangs
  s1 s2 start
    router: epoch 2 is s1's; in sync: s1
    s1: primary of epoch 2, journal at 1003
    s2: pulls a snapshot from s1: the primary no longer has the entries that are missing here
    s2: could not be had from s1: the primary has none
  200 ms pass
  the disk of s1 goes on
    s1: serves epoch 2 from 1004, 200.0 ms after it was assigned
  200 ms pass
    s2: starts over from a snapshot at 1004
    s1: s2 joined at 1004, 0 entries behind
    s2: follows s1 in epoch 2 from 1004
    s1: asks the router to add s2
    router: epoch 2 is s1's; in sync: s1 s2
  (journals)
    all equal, up to 1004`,
  2,
);

plays(
  'a snapshot that breaks off, or whose standby crashes, leaves the journal as it was',
  `
  the router starts
  s1 starts
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  mira posts 1001 times at s1
    mira: 1002 is ok at 1003 (s1, epoch 1)
  nothing gets from s1 to s2
  s2 starts
  s1 crashes
    router: epoch 1 is s1's, who is away; in sync: s1
  s1 and s2 are joined again
    s2: pulls a snapshot from s1: the primary no longer has the entries that are missing here
    s2: could not be had from s1: the primary has none
  s1 starts
    router: epoch 2 is s1's; in sync: s1
    s1: primary of epoch 2, journal at 1003
    s1: serves epoch 2 from 1004, 0.0 ms after it was assigned
    s2: starts over from a snapshot at 1004
    s1: s2 joined at 1004, 0 entries behind
    s2: follows s1 in epoch 2 from 1004
    s1: asks the router to add s2
    router: epoch 2 is s1's; in sync: s1 s2
  100 ms pass
  s2 crashes
    router: epoch 2 is s1's; in sync: s1
    s1: s2 stopped replicating: the stream ended
    s1: in-sync set is now s1
  (journals)
    all equal, up to 1004`,
  2,
);

plays(
  'after an unclean promotion, whoever has committed more than the new primary starts over',
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
  s3 crashes
    router: epoch 1 is s1's; in sync: s1 s2
    s1: s3 stopped replicating: the stream ended
    s1: in-sync set is now s1 s2
  mira posts "lost" at s1
    mira: 2 is ok at 3 (s1, epoch 1)
  s1 s2 crash
    router: epoch 2 is s2's; in sync: s2
    s2: stopped following s1 in epoch 1: the process is gone
    s2: primary of epoch 2, journal at 3
    s2: serves epoch 2 from 4, 0.0 ms after it was assigned
    router: epoch 2 is s2's, who is away; in sync: s2
  s3 starts
  the operator promotes s3 unclean
    router: epoch 3 is s3's; in sync: s3
    router: tells the operator that it is done
    s3: primary of epoch 3, journal at 2
    s3: serves epoch 3 from 3, 0.0 ms after it was assigned
  ben logs in at s3
    ben: 1 is ok at 4 (s3, epoch 3)
  s1 s2 start
    s3: s1 joined at 2, 2 entries behind
    s1: pulls a snapshot from s3: the primary of epoch 3 lacks committed entries 3 to 3 (unclean promotion)
    s3: s1 stopped replicating: the stream ended
    s1: starts over from a snapshot at 4
    s3: s1 joined at 4, 0 entries behind
    s1: follows s3 in epoch 3 from 4
    s3: asks the router to add s1
    router: epoch 3 is s3's; in sync: s3 s1
    s3: s2 joined at 2, 2 entries behind
    s2: pulls a snapshot from s3: the primary of epoch 3 lacks committed entries 3 to 4 (unclean promotion)
    s3: s2 stopped replicating: the stream ended
    s2: starts over from a snapshot at 4
    s3: s2 joined at 4, 0 entries behind
    s2: follows s3 in epoch 3 from 4
    s3: asks the router to add s2
    router: epoch 3 is s3's; in sync: s3 s1 s2
  100 ms pass
  (journals)
    all equal, up to 4`,
);

plays(
  'a primary that an unclean promotion passed over starts over from a snapshot, without what it had committed',
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
  s3 crashes
    router: epoch 1 is s1's; in sync: s1 s2
    s1: s3 stopped replicating: the stream ended
    s1: in-sync set is now s1 s2
  mira posts "lost" at s1
    mira: 2 is ok at 3 (s1, epoch 1)
  100 ms pass
  s1 crashes
    router: epoch 2 is s2's; in sync: s2
    s2: stopped following s1 in epoch 1: the process is gone
    s2: primary of epoch 2, journal at 3
    s2: serves epoch 2 from 4, 0.0 ms after it was assigned
  s2 and the router are cut off from each other
  s2 and s3 are cut off from each other
  s3 starts
  600 ms pass
    router: epoch 2 is s2's, who is away; in sync: s2
  the operator promotes s3 unclean
    router: epoch 3 is s3's; in sync: s3
    router: tells the operator that it is done
    s3: tells of epoch 3
    s3: primary of epoch 3, journal at 2
    s3: serves epoch 3 from 3, 0.0 ms after it was assigned
  s2 and s3 are joined again
    s2: s3 joined at 2, 2 entries behind
    s2: no longer primary of epoch 2: epoch 3 belongs to someone else
  s2 and the router are joined again
    s2: lost the router at router: nothing was heard of it for 500 ms
  2000 ms pass
    s3: s2 joined at 2, 1 entries behind
    s2: pulls a snapshot from s3: the primary of epoch 3 lacks committed entries 3 to 4 (unclean promotion)
    s3: s2 stopped replicating: the stream ended
    s2: starts over from a snapshot at 3
    s3: s2 joined at 3, 0 entries behind
    s2: follows s3 in epoch 3 from 3
    s3: asks the router to add s2
    router: epoch 3 is s3's; in sync: s3 s2
  (journals)
    s1: 1e1 2e1 3e1
    s2: snapshot at 3
    s3: 1e1 2e1 3e3`,
);
