import { plays } from './play.fixture.js';

plays(
  'a timeline begins with the past, goes on live, and shows nothing before it is committed',
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
  ann logs in at s1
    ann: 1 is ok at 2 (s1, epoch 1)
  ben logs in at s1
    ben: 1 is ok at 3 (s1, epoch 1)
  ann posts "too early" at s1
    ann: 2 is ok at 4 (s1, epoch 1)
  ben follows ann at s1
    ben: 2 is ok at 5 (s1, epoch 1)
  ann posts "one" at s1
    ann: 3 is ok at 6 (s1, epoch 1)
  ben opens a timeline at s1
    ben: is on s1 at 6
    ben: sees 6 "one"
  the disk of s2 hangs
  ann posts "two" at s1
  ann posts "three" at s1
  the disk of s2 goes on
    ann: 4 is ok at 7 (s1, epoch 1)
    ann: 5 is ok at 8 (s1, epoch 1)
    ben: sees 7 "two" 8 "three"
  eve opens a timeline at s1
    eve: has lost the timeline: unknown-user`,
  2,
);

plays(
  'a timeline that does not drain costs no memory, and gets all of it once when it does',
  `
  the router starts
  s1 starts
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
  ann logs in at s1
    ann: 1 is ok at 2 (s1, epoch 1)
  ann opens a timeline at s1
    ann: is on s1 at 2
  ann posts "one" at s1
    ann: 2 is ok at 3 (s1, epoch 1)
    ann: sees 3 "one"
  ann stops reading
  ann posts "two" at s1
    ann: 3 is ok at 4 (s1, epoch 1)
  ann posts "three" at s1
    ann: 4 is ok at 5 (s1, epoch 1)
  ann posts "four" at s1
    ann: 5 is ok at 6 (s1, epoch 1)
  ann reads on
    ann: sees 4 "two"
    ann: sees 5 "three" 6 "four"
  ann posts "five" at s1
    ann: 6 is ok at 7 (s1, epoch 1)
    ann: sees 7 "five"`,
  1,
);

plays(
  'after a failover a timeline resumes where it broke: nothing twice, nothing left out',
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
  ann logs in at s1
    ann: 1 is ok at 2 (s1, epoch 1)
  ann posts "one" at s1
    ann: 2 is ok at 3 (s1, epoch 1)
  ann opens a timeline at s1
    ann: is on s1 at 3
    ann: sees 3 "one"
  ann posts "two" at s1
    ann: 3 is ok at 4 (s1, epoch 1)
    ann: sees 4 "two"
  nothing gets from s2 to s1
  ann posts "three" at s1
  s1 crashes
    ann: 4 is broken off
    ann: has lost the timeline: the stream broke
    router: epoch 2 is s2's; in sync: s2
    s2: stopped following s1 in epoch 1: the process is gone
    s2: primary of epoch 2, journal at 5
    s2: serves epoch 2 from 6, 0.0 ms after it was assigned
  ann resumes a timeline after 4 at s2
    ann: is on s2 at 6
    ann: sees 5 "three"
  ann sends number 4 at s2
    ann: 4 is ok at 5 (s2, epoch 2)
  ann posts "four" at s2
    ann: 5 is ok at 7 (s2, epoch 2)
    ann: sees 7 "four"`,
  2,
);

plays(
  'a timeline that comes before its epoch is held until the epoch is open',
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
  ann logs in at s1
    ann: 1 is ok at 2 (s1, epoch 1)
  ann resumes a timeline after 2 at s2 expecting epoch 2
  the disk of s2 hangs
  s1 crashes
    router: epoch 2 is s2's; in sync: s2
    s2: stopped following s1 in epoch 1: the process is gone
    s2: primary of epoch 2, journal at 2
  the disk of s2 goes on
    s2: serves epoch 2 from 3, 0.0 ms after it was assigned
    ann: is on s2 at 3
  ann posts "one" at s2
    ann: 2 is ok at 4 (s2, epoch 2)
    ann: sees 4 "one"`,
  2,
);

plays(
  'a timeline resumed far back comes in pages, and live posts wait until it is through',
  `
  the router starts
  s1 starts
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
  ann logs in at s1
    ann: 1 is ok at 2 (s1, epoch 1)
  ann posts 401 times at s1
    ann: 402 is ok at 403 (s1, epoch 1)
  ann stops reading
  ann resumes a timeline after 3 at s1
    ann: is on s1 at 403
  ann posts "meanwhile" at s1
    ann: 403 is ok at 404 (s1, epoch 1)
  ann reads on
    ann: sees 4 "number 2" to 203 "number 201", 200 posts
    ann: sees 204 "number 202" to 403 "number 401", 200 posts
    ann: sees 404 "meanwhile"
  ann posts "after" at s1
    ann: 404 is ok at 405 (s1, epoch 1)
    ann: sees 405 "after"`,
  1,
);

plays(
  'whoever sees a post may see what it answers, and nothing else by that way',
  `
  the router starts
  s1 start
    router: epoch 1 is s1's; in sync: s1
    s1: primary of epoch 1, journal at 0
    s1: serves epoch 1 from 1, 0.0 ms after it was assigned
  ann logs in at s1
    ann: 1 is ok at 2 (s1, epoch 1)
  ben logs in at s1
    ben: 1 is ok at 3 (s1, epoch 1)
  eve logs in at s1
    eve: 1 is ok at 4 (s1, epoch 1)
  ann posts "before anybody followed" at s1
    ann: 2 is ok at 5 (s1, epoch 1)
  eve follows ben at s1
    eve: 2 is ok at 6 (s1, epoch 1)
  ben answers ann at 5 "well said" at s1
    ben: 2 is ok at 7 (s1, epoch 1)
  ben answers ann at 6 "what did you say?" at s1
    ben: 3 is unknown-post at 8 (s1, epoch 1)
  ann opens a timeline at s1
    ann: is on s1 at 8
    ann: sees 5 "before anybody followed"
  eve opens a timeline at s1
    eve: is on s1 at 8
    eve: sees 7 "well said"
  eve asks what 7 answers
    eve: reads what 7 answers: 5 "before anybody followed"
  ann asks what 7 answers
    ann: reads what 7 answers: 5 "before anybody followed"
  eve asks what 5 answers
    eve: reads what 5 answers: nothing
  eve asks what 8 answers
    eve: reads what 8 answers: nothing
  eve asks what 99 answers
    eve: reads what 99 answers: nothing`,
  1,
);
