/** Causes accidents in a cluster, and undoes those that can be undone. */
import { NO_EPOCH } from '@dualping/core';
import type { Accident } from './accidents.js';
import type { Cluster } from './cluster.js';
import type { Fault } from './faults.js';
import { Random } from './random.js';
import { EMPTY_FOLDER, type RouterFolder } from './router-disk.js';
import { ServerProcess } from './server-process.js';
import { Stranger } from './stranger.js';

type Undo = () => void;
type AccidentOf<Kind extends Accident['kind']> = Extract<Accident, { kind: Kind }> &
  Pick<Fault, 'at' | 'forMs'>;

/**
 * TCP sends lost packets again at most so much later, ms: it doubles its waits while nothing is answered.
 */
const LONGEST_RETRANSMIT_MS = 15_000;
/** Between two looks of an operator who waits until an action is allowed, ms. */
const OPERATOR_LOOKS_MS = 200;
const OPERATOR_PATIENCE_MS = 8_000;

export class AccidentScene {
  constructor(readonly cluster: Cluster) {}

  /** @returns a function that ends it; undefined when it needs no end */
  inject(accident: Accident & Pick<Fault, 'at' | 'forMs'>): Undo | undefined {
    const { cluster } = this;
    switch (accident.kind) {
      case 'black-hole':
        return this.#blackHole(accident);
      case 'hung-disk': {
        const owner = cluster.process(accident.process);
        if (owner instanceof ServerProcess) return owner.disk.hang();
        return cluster.routerProcess(accident.process) && cluster.routerStore.hang();
      }
      case 'stranger':
        return this.#stranger(accident);
      case 'older-disk':
        return this.#olderDisk(accident);
      case 'older-journal':
        return this.#olderJournal(accident);
      case 'twin':
        return this.#twin(accident);
      case 'older-store':
        return this.#olderStore(accident);
      case 'second-router':
        return cluster.startSecondRouter();
      case 'lose-server':
        return this.#lose(accident);
      case 'shutdown':
        return this.#shutdown(accident);
      case 'trespass': {
        const { process, users } = accident;
        const epoch = cluster.router.assignmentOf(cluster.server(process).cluster)?.epoch ?? NO_EPOCH;
        cluster.trespasser.ask(process, users, epoch);
        return undefined;
      }
      case 'by-turns':
        return this.#byTurns(accident);
    }
  }

  // Processes.

  #byTurns({ process, at }: AccidentOf<'by-turns'>): Undo {
    const { setup, world } = this.cluster;
    const { deadAfterMs } = setup.timing;
    const random = new Random(`${setup.seed}/${process} by turns/${at}`);
    const still = new Set<Undo>();
    let isOver = false;
    const hold = (name: string, forMs: number): void => {
      const held = this.cluster.process(name);
      if (isOver || !held.running) return;
      const thaw = held.freeze();
      const once = (): void => {
        if (still.delete(once)) thaw();
      };
      still.add(once);
      world.after(forMs, `${name} has its turn`, once);
    };
    const turn = (): void => {
      if (isOver) return;
      hold(process, deadAfterMs * random.within(0.5, 0.95));
      const routerMs = random.within(0.05, 0.3);
      world.after(deadAfterMs * random.within(0.6, 0.95), 'the router stands still', () =>
        hold(this.cluster.router.name, deadAfterMs * routerMs),
      );
      world.after(2 * deadAfterMs, 'by turns', turn);
    };
    turn();
    return () => {
      isOver = true;
      for (const thaw of [...still]) thaw();
    };
  }

  // The network.

  #blackHole({ from, to, forMs }: AccidentOf<'black-hole'>): Undo {
    const { network } = this.cluster;
    network.cut(from, to, false);
    network.cut(to, from, false);
    const retransmitMs = Math.min(forMs, LONGEST_RETRANSMIT_MS);
    return () => {
      network.heal(from, to, retransmitMs);
      network.heal(to, from, retransmitMs);
    };
  }

  #stranger({ process, says }: AccidentOf<'stranger'>): Undo {
    const release = this.#takeDown(process);
    const { network } = this.cluster;
    const leave = network.misroute(process, new Stranger(`stranger-at-${process}`, says, network).name);
    return () => {
      leave();
      release();
    };
  }

  // Folders.

  /** Killed and kept down. */
  #takeDown(name: string): Undo {
    const { cluster } = this;
    const router = cluster.routerProcess(name);
    if (router !== undefined) {
      const release = cluster.holdRouter(name);
      router.kill();
      return release;
    }
    const server = cluster.server(name);
    const release = cluster.supervisor(name).hold();
    if (server.running) {
      server.kill();
      cluster.supervisor(name).lost('taken down by an operator');
    }
    return release;
  }

  #olderDisk({ process, stopped, starts }: AccidentOf<'older-disk'>): Undo {
    const { cluster } = this;
    const server = cluster.server(process);
    if (stopped) this.#takeDown(process)();
    const copy = server.disk.copy();
    return () => {
      if (server.isLost) return;
      const release = this.#takeDown(process);
      const original = server.disk;
      // If the folder was wiped meanwhile, it is no longer the original of this copy.
      if (original.journalId === copy.journalId) {
        cluster.world.say(process, `gets a copy of its folder from before, ${starts} starts more`);
        if (starts > 0) copy.addStarts(starts);
        copy.ages(original);
        server.putIn(copy);
        cluster.keepOriginal(server, original);
      }
      release();
    };
  }

  #olderJournal({ process, ageMs }: AccidentOf<'older-journal'>): Undo {
    const { cluster } = this;
    const server = cluster.server(process);
    const copy = server.disk.copy();
    const others: Undo[] = [];
    let isOver = false;
    cluster.world.after(ageMs, `${process} gets its journal of before`, () => {
      const original = server.disk;
      // What nothing shows can't be noticed: the journal must end before what its server has noted.
      if (isOver || server.isLost || original.journalId !== copy.journalId || !copy.takesOver(original))
        return;
      const releaseRouters = cluster.routers.map(({ name }) => this.#takeDown(name));
      const release = this.#takeDown(process);
      for (const other of cluster.servers)
        if (other !== server && other.cluster === server.cluster && !other.isLost)
          others.push(this.#takeDown(other.name));
      cluster.world.say(process, 'gets its journal of before, when all have lost their power');
      server.putIn(copy);
      cluster.keepOriginal(server, original);
      for (const one of releaseRouters) one();
      release();
    });
    return () => {
      isOver = true;
      for (const one of others) one();
    };
  }

  #twin({ process, starts }: AccidentOf<'twin'>): Undo | undefined {
    const { world } = this.cluster;
    // A folder that was never welcomed belongs to no network yet: the first of the two that attaches is the
    // original.
    if (this.cluster.server(process).disk.networkId === '') return undefined;
    const twin = this.cluster.makeTwin(process);
    if (starts > 0) twin.disk.addStarts(starts);
    twin.disk.ages(this.cluster.server(process).disk);
    world.say(twin.name, `starts from a copy of the folder of ${process}`);
    twin.start();
    return () => this.cluster.endTwin(twin, process);
  }

  #olderStore({ ageMs, emptied }: AccidentOf<'older-store'>): Undo | undefined {
    const { cluster } = this;
    const { world, servers, routerStore: store } = cluster;
    const { name } = cluster.router;
    // A server of no network yet would rightly join the network of the empty router.
    if (emptied && servers.some(({ disk }) => disk.networkId === '')) return undefined;
    const older = emptied ? EMPTY_FOLDER : store.folder();
    // Before the first primary a folder is as good as new: nothing in it shows that it is an older one.
    const granted = [...older.records.values()].filter(({ epoch }) => epoch > NO_EPOCH);
    if (!emptied && granted.length < cluster.setup.clusters) return undefined;
    let original: RouterFolder | undefined;
    let isOver = false;
    world.after(ageMs, 'the folder of the router is replaced', () => {
      if (isOver) return;
      const release = cluster.replaceStore((present) => {
        original = present;
        return older;
      });
      world.say(name, emptied ? 'begins with an empty folder' : `begins with its folder of ${ageMs} ms ago`);
      release();
    });
    return () => {
      isOver = true;
      const whole = original;
      if (whole === undefined) return;
      const release = cluster.replaceStore((present) => present);
      // What the router has told members may still be on its way to them: the folder is chosen after that.
      world.after(OPERATOR_LOOKS_MS, 'the folder of the router is put back', () => {
        cluster.replaceStore((present) =>
          present.networkId === whole.networkId ? newestOfBoth(whole, present, servers) : whole,
        )();
        release();
      });
    };
  }

  // Ends.

  /**
   * Waits until another complete server is in the in-sync set: an operator who acts earlier loses what only
   * this server held.
   */
  #lose({ process }: AccidentOf<'lose-server'>): Undo {
    const { cluster } = this;
    const { world } = cluster;
    const server = cluster.server(process);
    const release = this.#takeDown(process);
    const until = world.now + OPERATOR_PATIENCE_MS;
    let isOver = false;
    const look = (): void => {
      if (isOver) return;
      if (cluster.mayDoWithout(server)) {
        server.isLost = true;
        world.say(process, 'is lost for good');
      } else if (world.now < until) {
        world.after(OPERATOR_LOOKS_MS, 'the operator looks', look);
        return;
      }
      release();
      isOver = true;
    };
    world.after(OPERATOR_LOOKS_MS, 'the operator looks', look);
    return () => {
      if (!isOver) release();
      isOver = true;
    };
  }

  #shutdown({ cluster: number, first }: AccidentOf<'shutdown'>): Undo {
    const { cluster } = this;
    const { world, checkers } = cluster;
    const all = cluster.servers.filter((server) => server.cluster === number && !server.isLost);
    const releases = new Map(all.map(({ name }) => [name, cluster.supervisor(name).hold()]));
    checkers.tell('shutdownBegan', { cluster: number });
    for (const server of all) server.stop();
    const start = (names: readonly string[]): void => {
      for (const name of names) {
        releases.get(name)?.();
        releases.delete(name);
      }
    };
    let isOver = false;
    const look = (): void => {
      if (isOver) return;
      if (all.some(({ running }) => running)) {
        world.after(OPERATOR_LOOKS_MS, 'the operator looks', look);
        return;
      }
      checkers.tell('shutdownDone', { cluster: number });
      start(first);
    };
    world.after(OPERATOR_LOOKS_MS, 'the operator looks', look);
    return () => {
      isOver = true;
      start([...releases.keys()]);
    };
  }
}

/**
 * For each cluster the record that counts now: if the older folder lacked nothing that members knew of, they
 * have followed it, and its record is the newest.
 */
function newestOfBoth(
  whole: RouterFolder,
  older: RouterFolder,
  servers: readonly ServerProcess[],
): RouterFolder {
  const records = new Map(whole.records);
  for (const [cluster, record] of older.records) {
    const trueRevision = whole.records.get(cluster)?.revision ?? 0;
    const isFollowed = servers.some(
      (server) =>
        server.cluster === cluster && (server.replica?.assignment?.revision ?? 0) > trueRevision + 1,
    );
    if (isFollowed) records.set(cluster, record);
  }
  return { ...whole, records, isNew: false };
}
