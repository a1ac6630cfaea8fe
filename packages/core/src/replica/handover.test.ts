import { plays } from './play.fixture.js';

plays(
  'a primary that is asked to stop lets its standby catch up and hands over; writes wait and move on',
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
  the disk of s2 hangs
  mira posts "before" at s1
  s1 stops
  200 ms pass
    s1: is asked to stop: takes no more writes
  mira posts "meanwhile" at s1
  mira lists at s1
    mira: the list has mira
  the disk of s2 goes on
    mira: 2 is ok at 3 (s1, epoch 1)
    s1: all in-sync members hold everything up to 3: asks for another primary
    router: epoch 2 is s2's; in sync: s2
    mira: sees 3 "before"
    s2: tells of epoch 2
    s2: primary of epoch 2, journal at 3
    s1: no longer primary of epoch 1: epoch 2 belongs to s2
    mira: has lost the timeline: not-primary
    mira: 3 is refused: shutting-down
    s1: handed over to s2
    s1: ends: shutting-down
    s2: serves epoch 2 from 4, 0.0 ms after it was assigned
  mira sends number 3 at s2
    mira: 3 is ok at 5 (s2, epoch 2)
  s1 starts
    s2: s1 joined at 3, 2 entries behind
    s1: follows s2 in epoch 2 from 3
    s2: asks the router to add s1
    router: epoch 2 is s2's; in sync: s2 s1
  (journals)
    all equal, up to 5`,
  2,
);

plays(
  'a handover that an operator asks for leaves the old primary in sync',
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
  the operator asks for a handover
    s1: hands over: takes no more writes
    s1: all in-sync members hold everything up to 2: asks for another primary
    router: epoch 2 is s2's; in sync: s1 s2
    router: tells the operator that it is done
    s2: tells of epoch 2
    s2: primary of epoch 2, journal at 2
    s1: no longer primary of epoch 1: epoch 2 belongs to s2
    s2: s1 joined at 2, 1 entries behind
    s1: follows s2 in epoch 2 from 2
    s2: serves epoch 2 from 3, 0.0 ms after it was assigned
  mira posts "hi" at s2
    mira: 2 is ok at 4 (s2, epoch 2)
  (journals)
    all equal, up to 4`,
  2,
);

plays(
  'with nobody to hand over to, a primary that is asked to stop ends, and one that is not goes on',
  `
  the router starts
  s1 starts
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  the operator asks for a handover
    router: refuses the operator: handover-impossible
  mira posts "hi" at s1
    mira: 2 is ok at 3 (s1, epoch 1)
  s1 stops
    s1: is asked to stop: takes no more writes
    s1: no longer primary of epoch 1: no standby to hand over to
    s1: no standby to hand over to
    s1: ends: shutting-down
    router: epoch 1 is s1's, who is away; in sync: s1
  200 ms pass
  s1 starts
    router: epoch 2 is s1's; in sync: s1
    s1: primary of epoch 2, journal at 3
    s1: serves epoch 2 from 4, 0.0 ms after it was assigned
  mira posts "back" at s1
    mira: 3 is ok at 5 (s1, epoch 2)`,
  2,
);

plays(
  'with the router away a handover is given up in time',
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
  s1 stops
  200 ms pass
    s1: can't attach to the router at router, goes on trying: nobody is there
    s2: can't attach to the router at router, goes on trying: nobody is there
    s1: is asked to stop: takes no more writes
  mira posts "hi" at s1
  4900 ms pass
  200 ms pass
    s1: no longer primary of epoch 1: nobody took over in time
    mira: 2 is refused: shutting-down
    s1: nobody took over in time
    s1: ends: shutting-down
    s2: stopped following s1 in epoch 1: fenced: nobody took over in time
    s2: stopped following s1 in epoch 1: nobody is there`,
  2,
);

plays(
  'a handover whose question was lost with the router is asked again',
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
  nothing gets from s1 to the router
  s1 stops
  200 ms pass
    s1: is asked to stop: takes no more writes
    s1: all in-sync members hold everything up to 1: asks for another primary
  the router crashes
    s1: lost the router at router: the router is gone
    s2: lost the router at router: the router is gone
  all gets from s1 to the router
  the router starts
  1000 ms pass
    s1: all in-sync members hold everything up to 1: asks for another primary
    router: epoch 2 is s2's; in sync: s2
    s2: tells of epoch 2
    s2: primary of epoch 2, journal at 1
    s1: no longer primary of epoch 1: epoch 2 belongs to s2
    s1: handed over to s2
    s1: ends: shutting-down
    s2: serves epoch 2 from 2, 0.0 ms after it was assigned`,
  2,
);

plays(
  'a standby that is asked to stop leaves, and nothing waits for it',
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
  mira posts "hi" at s1
  s2 stops
  500 ms pass
    s1: s2 stopped replicating: nothing heard for 500 ms
    s1: asks the router to remove s2
    s2: standby stopped
    s2: ends: shutting-down
    router: epoch 1 is s1's; in sync: s1
    s1: in-sync set is now s1; s2 fell out: nothing was heard of it for 500 ms
    mira: 2 is ok at 3 (s1, epoch 1)`,
  2,
);

plays(
  'when the only standby is lost during a handover that an operator asked for, writes that waited go on',
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
  mira posts "before" at s1
  the operator asks for a handover
    s1: hands over: takes no more writes
  mira posts "meanwhile" at s1
  600 ms pass
    s1: asks the router to remove s2
    router: epoch 1 is s1's; in sync: s1
    s1: in-sync set is now s1; s2 fell out: writes waited 500 ms for it, its disk or the way to it is slow; it comes back when it has kept up for 10000 ms
    mira: 2 is ok at 3 (s1, epoch 1)
    s1: no in-sync standby: goes on
    mira: 3 is ok at 4 (s1, epoch 1)`,
  2,
);

plays(
  'a handover that an operator asked for and nobody answers is given up, and writes that waited go on',
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
  nothing gets from s1 to the router
  the operator asks for a handover
    s1: hands over: takes no more writes
    s1: all in-sync members hold everything up to 2: asks for another primary
  the router crashes
    s1: lost the router at router: the router is gone
    s2: lost the router at router: the router is gone
  mira posts "meanwhile" at s1
  4900 ms pass
    s2: can't attach to the router at router, goes on trying: nobody is there
    s1: can't attach to the router at router, goes on trying: no welcome within 3000 ms
  200 ms pass
    s1: was not answered in time: goes on
    mira: 2 is ok at 3 (s1, epoch 1)`,
  2,
);

plays(
  'a failing disk ends the process, and another serves',
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
  nothing gets from s2 to s1
  mira posts "hi" at s1
  the disk of s1 fails
    s1: no space left
    s1: no longer primary of epoch 1: no space left
    mira: 2 is refused: storage-failed
    mira: has lost the timeline: storage-failed
    s1: ends, failed: storage-failed
    s2: stopped following s1 in epoch 1: fenced: no space left
    router: epoch 2 is s2's; in sync: s2
    s2: primary of epoch 2, journal at 3
    s2: serves epoch 2 from 4, 0.0 ms after it was assigned
  mira sends number 2 at s2
    mira: 2 is ok at 3 (s2, epoch 2)`,
  2,
);

plays(
  'a primary whose disk hangs ends without it, and another serves',
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
  the disk of s1 hangs
  mira posts "hi" at s1
  the disk of s1 has hung for too long
    s1: the disk hangs
    s1: no longer primary of epoch 1: the disk hangs
    mira: 2 is refused: storage-failed
    mira: has lost the timeline: storage-failed
    s1: ends, failed: storage-failed
    s2: stopped following s1 in epoch 1: fenced: the disk hangs
    router: epoch 2 is s2's; in sync: s2
    s2: primary of epoch 2, journal at 3
    s2: serves epoch 2 from 4, 0.0 ms after it was assigned
  mira sends number 2 at s2
    mira: 2 is ok at 3 (s2, epoch 2)`,
  2,
);

plays(
  'a standby whose disk hangs leaves',
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
  the disk of s2 has hung for too long
    s2: the disk hangs
    s2: ends, failed: storage-failed
    s1: s2 stopped replicating: the stream ended
    router: epoch 1 is s1's; in sync: s1
    s1: in-sync set is now s1`,
  2,
);

plays(
  'a primary that finds its journal damaged hands over, and ends',
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
  s1 finds its journal damaged
    s1: entry 2 is damaged
    s1: its journal is damaged: takes no more writes and hands over
    s1: all in-sync members hold everything up to 2: asks for another primary
    router: epoch 2 is s2's; in sync: s2
    s2: tells of epoch 2
    s2: primary of epoch 2, journal at 2
    s1: no longer primary of epoch 1: epoch 2 belongs to s2
    s1: ends, failed: storage-failed
    s2: serves epoch 2 from 3, 0.0 ms after it was assigned
  mira posts "hi" at s2
    mira: 2 is ok at 4 (s2, epoch 2)`,
  2,
);

plays(
  'a primary that finds its journal damaged goes on while nobody else is in sync',
  `
  the router starts
  s1 starts
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
  mira logs in at s1
    mira: 1 is ok at 2 (s1, epoch 1)
  s1 finds its journal damaged
    s1: entry 2 is damaged: nobody else is in sync, so it goes on and hands over when somebody is
  mira posts "hi" at s1
    mira: 2 is ok at 3 (s1, epoch 1)
  s2 starts
    s1: s2 joined at 0, 3 entries behind
    s2: follows s1 in epoch 1 from 0
    s1: asks the router to add s2
    router: epoch 1 is s1's; in sync: s1 s2
  200 ms pass
    s1: its journal is damaged: takes no more writes and hands over
    s1: all in-sync members hold everything up to 3: asks for another primary
    router: epoch 2 is s2's; in sync: s2
    s2: tells of epoch 2
    s2: primary of epoch 2, journal at 3
    s1: no longer primary of epoch 1: epoch 2 belongs to s2
    s1: ends, failed: storage-failed
    s2: serves epoch 2 from 4, 0.0 ms after it was assigned`,
  2,
);

plays(
  'a standby that finds its journal damaged ends',
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
  s2 finds its journal damaged
    s2: entry 2 is damaged
    s2: ends, failed: storage-failed
    s1: s2 stopped replicating: the stream ended
    router: epoch 1 is s1's; in sync: s1
    s1: in-sync set is now s1`,
  2,
);
