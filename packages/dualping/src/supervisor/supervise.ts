/** `dualping supervise`: the supervisor of a pair, from taking its lock to its end. */
import { type Outcome, parseSupervisionTiming, Supervisor, serverId, serverName } from '@dualping/core';
import { boundOwnLog, EXIT, lockDataFolder, logFile, SIGNAL_EXITS, Signals } from '@dualping/host';
import { PROCESS_CLOCK, SupervisorDriver } from '@dualping/runtime';
import { partCredentials } from '../credentials.js';
import type { Io } from '../io.js';
import { DetachedProcess } from './detached-process.js';
import type { PairValues } from './server-flags.js';
import { SupervisionFolder } from './supervision-folder.js';

/** Throws `invalid-argument` when there is a supervisor already. */
export async function supervise(values: PairValues, io: Io): Promise<number> {
  const name = serverName(serverId(values.id));
  const part = `supervisor ${name}`;
  const folder = new SupervisionFolder(values.data);
  const lock = lockDataFolder(folder.path, `the supervisor of server ${name} of cluster ${values.cluster}`);
  try {
    boundOwnLog(logFile(values.data, 'supervisor'));
    folder.forgetOutcome();
    const signals = new Signals();
    const watched = partCredentials(
      values.certs,
      { role: 'server', cluster: values.cluster, serverId: serverId(values.id) },
      { name: part, report: io.report },
    );
    const supervised = new DetachedProcess(values, watched?.credentials);
    let finish: (outcome: Outcome) => void = () => {};
    const finished = new Promise<Outcome>((resolve) => {
      finish = resolve;
    });
    const supervisor = new SupervisorDriver(
      new Supervisor(name, parseSupervisionTiming(values)),
      supervised,
      {
        clock: PROCESS_CLOCK,
        report: (event, text) => io.report({ part, event, text }),
        finished: finish,
      },
    );
    supervisor.begin();
    const adopted = supervised.pid === undefined ? 'starts it' : `it runs already as pid ${supervised.pid}`;
    io.report({ part, event: 'supervising', text: `watches over ${name}, ${adopted}; pid ${process.pid}` });
    const first = await Promise.race([signals.first, finished]);
    if (typeof first === 'string') {
      io.report({ part, event: 'stopping', text: `on ${first}, with ${name}` });
      supervisor.stop();
    }
    const outcome = await finished;
    const exitCode = exitCodeOf(outcome);
    const text = `${name} ${outcome.detail}`;
    folder.recordOutcome({ exitCode, text });
    io.report({ part, event: 'stopped', text });
    return signals.received === undefined ? exitCode : SIGNAL_EXITS[signals.received];
  } finally {
    lock.release();
  }
}

function exitCodeOf(outcome: Outcome): number {
  if (outcome.kind === 'told') return EXIT.done;
  return outcome.because === 'misused' ? EXIT.usage : EXIT.refused;
}
