import { test } from 'node:test';
import fc from 'fast-check';
import { Trial } from './trial.fixture.js';

/** What may happen; the numbers choose among whatever there is to choose from. */
type Happening = (trial: Trial) => void;

/** Of a schedule that failed, the last that was said. */
const MAX_STORY_LINES = 40;

const any = fc.nat(1_000);

const happenings = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.tuple(any, fc.integer({ min: 1, max: 6 })).map(([choice, times]) => deliver(choice, times)),
  },
  { weight: 6, arbitrary: fc.constant(named('settle', ({ cluster }) => cluster.stage.settle())) },
  {
    weight: 6,
    arbitrary: fc.integer({ min: 1, max: 700 }).map((ms) => named(`wait ${ms}`, (trial) => wait(trial, ms))),
  },
  {
    weight: 12,
    arbitrary: pair('ask', (trial, one, other) => trial.ask(trial.client(one), trial.likelyServer(other))),
  },
  {
    weight: 6,
    arbitrary: pair('ask again', (trial, one, other) =>
      trial.askAgain(trial.client(one), trial.likelyServer(other)),
    ),
  },
  {
    weight: 4,
    arbitrary: pair('read', (trial, one, other) => trial.read(trial.client(one), trial.likelyServer(other))),
  },
  { weight: 3, arbitrary: pair('crash', (trial, one, reached) => trial.server(one).crash(reached % 3)) },
  { weight: 6, arbitrary: pair('start', (trial, one) => start(trial, one)) },
  { weight: 1, arbitrary: pair('wipe', (trial, one) => wipe(trial, one)) },
  {
    weight: 3,
    arbitrary: pair('block', (trial, one, other) =>
      trial.cluster.stage.block(place(trial, one), place(trial, other)),
    ),
  },
  {
    weight: 3,
    arbitrary: pair('cut', (trial, one, other) =>
      trial.cluster.stage.cut(place(trial, one), place(trial, other)),
    ),
  },
  {
    weight: 2,
    arbitrary: pair('join', (trial, one, other) =>
      trial.cluster.stage.join(place(trial, one), place(trial, other)),
    ),
  },
  { weight: 2, arbitrary: pair('freeze', (trial, one) => trial.cluster.stage.freeze(place(trial, one))) },
  { weight: 4, arbitrary: pair('mend', (trial) => mend(trial)) },
  { weight: 1, arbitrary: pair('stop', (trial, one) => trial.server(one).step({ kind: 'stop' })) },
  { weight: 1, arbitrary: pair('handover', ({ cluster }) => cluster.router.handOver()) },
  { weight: 1, arbitrary: pair('crash the router', ({ cluster }) => cluster.router.crash()) },
  {
    weight: 2,
    arbitrary: pair('start the router', ({ cluster }) => {
      if (!cluster.router.running) cluster.router.start();
    }),
  },
);

test('nothing acknowledged is lost or doubled under any schedule, and all is well in the end', () => {
  fc.assert(
    fc.property(fc.noBias(fc.array(happenings, { maxLength: 250, size: 'max' })), (schedule) => {
      const trial = new Trial();
      try {
        for (const happen of schedule) happen(trial);
        trial.heal();
      } catch (error) {
        const story = trial.cluster.lines.slice(-MAX_STORY_LINES).join('\n');
        throw new Error(`${error instanceof Error ? error.message : error}\n\n${story}`, { cause: error });
      }
    }),
    {
      includeErrorInReport: true,
      numRuns: Number(process.env.TRIALS ?? 150),
      ...(process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }),
    },
  );
});

/** A schedule that failed is printed by these names. */
function named(name: string, happening: Happening): Happening {
  return Object.assign(happening.bind(undefined), { toString: () => name, [fc.toStringMethod]: () => name });
}

function pair(
  name: string,
  happening: (trial: Trial, one: number, other: number) => void,
): fc.Arbitrary<Happening> {
  return fc
    .tuple(any, any)
    .map(([one, other]) => named(`${name} ${one} ${other}`, (trial) => happening(trial, one, other)));
}

function deliver(choice: number, times: number): Happening {
  return named(`deliver ${choice} ${times}`, ({ cluster: { stage } }) => {
    for (let i = 0; i < times; i += 1) {
      const channels = stage.deliverable();
      const channel = channels[(choice + i) % channels.length];
      if (channel === undefined) return;
      stage.deliver(channel);
    }
  });
}

function wait({ cluster: { stage } }: Trial, ms: number): void {
  for (let left = ms; left > 0; ) left = stage.passToNextDeadline(left);
}

/** A calm moment: nothing is cut off or frozen, and all that is on its way arrives. */
function mend({ cluster: { stage } }: Trial): void {
  stage.heal();
  stage.pass(300);
}

function start(trial: Trial, choice: number): void {
  const server = trial.server(choice);
  if (server.replica === undefined) server.start();
}

/**
 * The disk of a server that is down is replaced, if nothing depends on it: losing the last copy is another
 * matter.
 */
function wipe(trial: Trial, choice: number): void {
  const server = trial.server(choice);
  const inSync = trial.cluster.router.record?.inSync ?? [];
  if (server.replica === undefined && !inSync.some(({ journalId }) => journalId === server.disk.journalId))
    server.wipe();
}

function place(trial: Trial, choice: number): string {
  const places = [...trial.cluster.servers.map(({ name }) => name), 'router'];
  return places[choice % places.length] ?? 'router';
}
