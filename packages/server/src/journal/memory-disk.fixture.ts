/**
 * A disk in memory that fails in all the ways of a real one.
 *
 * A power failure loses unsynced content, all of it or from some byte on, and names that weren't synced with
 * their folder. A failed sync leaves content that reads correctly and is not on disk, and a later sync does
 * not bring it there.
 */
import { dirname } from 'node:path';
import { type FileOperations, type OpenFile, syncedAfterwards } from '@dualping/host';

type Change =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number };

interface Node {
  readonly folder: boolean;
  content: Buffer;
  synced: Buffer;
  unsynced: Change[];
}

type Rename = { readonly set: ReadonlyMap<string, Node>; readonly gone: readonly string[] };

export type Operation =
  | 'makeFolder'
  | 'list'
  | 'open'
  | 'create'
  | 'rename'
  | 'remove'
  | 'syncFolder'
  | 'write'
  | 'truncate'
  | 'sync';

class DeadProcess extends Error {}

/** Does an operation after a while, in one step, unless the process has died meanwhile. */
type Step = <T>(operation: Operation, path: string, effect: () => T, failed?: () => void) => Promise<T>;

/** Picks a number from 0 to `max`: how much of the unsynced content survives. */
export type Choice = (max: number) => number;
export const nothing: Choice = () => 0;

export class MemoryDisk {
  #names = new Map<string, Node>([['/', folderNode()]]);
  #syncedNames = new Map(this.#names);
  /** By folder, in order. */
  #unsyncedNames = new Map<string, Rename[]>();
  #process = 0;
  #held: (() => void)[] | undefined;
  freeBytes = Number.POSITIVE_INFINITY;
  /** Called before each operation that changes or syncs a file; may throw to make it fail. */
  before: (operation: Operation, path: string) => void = () => {};

  /** The disk as one process sees it, until the process is killed. */
  boot(): FileOperations {
    const process = this.#process;
    const step: Step = async (operation, path, effect, failed) => {
      await Promise.resolve();
      if (process !== this.#process) throw new DeadProcess();
      try {
        this.before(operation, path);
      } catch (error) {
        failed?.();
        throw error;
      }
      return effect();
    };
    return {
      makeFolder: (path) => step('makeFolder', path, () => this.#makeFolder(path)),
      list: async (path) => {
        const inside = [...this.#names.keys()].filter((name) => name !== '/' && dirname(name) === path);
        return inside.map((name) => name.slice(path === '/' ? 1 : path.length + 1));
      },
      open: (path) => new MemoryFile(this, path, this.#node(path), step),
      openSynced: (path) => syncedAfterwards(new MemoryFile(this, path, this.#node(path), step)),
      hold: (path) => {
        const node = this.#node(path);
        return { path, isThere: async () => this.#names.get(path) === node, close: () => {} };
      },
      create: (path) => step('create', path, () => new MemoryFile(this, path, this.#create(path), step)),
      rename: (from, to) =>
        step('rename', to, () => this.#rename(dirname(to), new Map([[to, this.#node(from)]]), [from])),
      remove: (path) => step('remove', path, () => this.#remove(path)),
      syncFolder: (path) => step('syncFolder', path, () => this.#syncNames(path, Number.POSITIVE_INFINITY)),
    };
  }

  /** The process dies. The system runs on, so everything that the process has written is kept. */
  kill(): void {
    this.#process += 1;
    this.#held = undefined;
    this.before = () => {};
  }

  /** The machine dies. */
  cutPower(survives: Choice): void {
    this.kill();
    for (const folder of [...this.#unsyncedNames.keys()])
      this.#syncNames(folder, survives(this.#unsyncedNames.get(folder)?.length ?? 0));
    this.#unsyncedNames.clear();
    for (const name of [...this.#syncedNames.keys()])
      if (name !== '/' && !this.#syncedNames.has(dirname(name))) this.#syncedNames.delete(name);
    this.#names = new Map(this.#syncedNames);
    for (const node of new Set(this.#names.values())) losePower(node, survives);
  }

  /** From now on syncs of files wait until they are released. */
  holdSyncs(): void {
    this.#held ??= [];
  }

  letSyncsGo(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const go of held) go();
  }

  async passSync(): Promise<void> {
    await new Promise<void>((go) => {
      if (this.#held === undefined) go();
      else this.#held.push(go);
    });
  }

  paths(): string[] {
    return [...this.#names].filter(([, node]) => !node.folder).map(([path]) => path);
  }

  /** What a process would read. */
  content(path: string): Buffer {
    return Buffer.from(this.#node(path).content);
  }

  /** Puts other bytes on the disk, past every cache. */
  overwrite(path: string, content: Buffer): void {
    const node = this.#node(path);
    node.content = Buffer.from(content);
    node.synced = Buffer.from(content);
    node.unsynced = [];
  }

  overwriteOrMake(path: string, content: Buffer): void {
    if (!this.#names.has(path)) {
      const node = fileNode();
      this.#names.set(path, node);
      this.#syncedNames.set(path, node);
    }
    this.overwrite(path, content);
  }

  /** Deletes a file permanently. */
  lose(path: string): void {
    this.#names.delete(path);
    this.#syncedNames.delete(path);
  }

  /** A disk with the same content, all of it synced. */
  copy(): MemoryDisk {
    const disk = new MemoryDisk();
    for (const [path, { folder, content }] of this.#names)
      disk.#names.set(path, folder ? folderNode() : { ...fileNode(), content, synced: content });
    disk.#syncedNames = new Map(disk.#names);
    return disk;
  }

  takeSpace(bytes: number): number {
    const taken = Math.min(bytes, this.freeBytes);
    this.freeBytes -= taken;
    return taken;
  }

  #node(path: string): Node {
    const node = this.#names.get(path);
    if (node === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
    return node;
  }

  #makeFolder(path: string): void {
    if (this.#names.has(path)) return;
    this.#makeFolder(dirname(path));
    this.#rename(dirname(path), new Map([[path, folderNode()]]), []);
    this.#syncNames(dirname(path), Number.POSITIVE_INFINITY);
  }

  #create(path: string): Node {
    const node = this.#names.get(path) ?? fileNode();
    if (!this.#names.has(path)) this.#rename(dirname(path), new Map([[path, node]]), []);
    change(node, { kind: 'truncate', size: 0 });
    return node;
  }

  #remove(path: string): void {
    const gone = [...this.#names.keys()].filter((name) => name === path || name.startsWith(`${path}/`));
    if (gone.length > 0) this.#rename(dirname(path), new Map(), gone);
  }

  #rename(folder: string, set: ReadonlyMap<string, Node>, gone: readonly string[]): void {
    const rename = { set, gone };
    apply(this.#names, rename);
    this.#unsyncedNames.set(folder, [...(this.#unsyncedNames.get(folder) ?? []), rename]);
  }

  #syncNames(folder: string, count: number): void {
    const renames = this.#unsyncedNames.get(folder) ?? [];
    for (const rename of renames.splice(0, count)) apply(this.#syncedNames, rename);
  }
}

class MemoryFile implements OpenFile {
  constructor(
    private readonly disk: MemoryDisk,
    readonly path: string,
    private readonly node: Node,
    private readonly step: Step,
  ) {}

  size(): number {
    return this.node.content.length;
  }

  read(into: Buffer, offset: number): number {
    return this.node.content.copy(into, 0, offset);
  }

  write(bytes: Buffer, offset: number): Promise<void> {
    return this.step('write', this.path, () => {
      const room = this.disk.takeSpace(Math.max(0, offset + bytes.length - this.size()));
      const fits = Math.min(bytes.length, Math.max(0, this.size() + room - offset));
      change(this.node, { kind: 'write', offset, bytes: Buffer.from(bytes.subarray(0, fits)) });
      if (fits < bytes.length)
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    });
  }

  truncate(size: number): Promise<void> {
    return this.step('truncate', this.path, () => change(this.node, { kind: 'truncate', size }));
  }

  async sync(): Promise<void> {
    const { node } = this;
    const before = new Set(node.unsynced);
    const forget = () => {
      node.unsynced = node.unsynced.filter((made) => !before.has(made));
    };
    await this.disk.passSync();
    await this.step(
      'sync',
      this.path,
      () => {
        for (const made of node.unsynced) if (before.has(made)) node.synced = changed(node.synced, made);
        forget();
      },
      forget,
    );
  }

  close(): void {}
}

const folderNode = (): Node => ({ ...fileNode(), folder: true });
const fileNode = (): Node => ({
  folder: false,
  content: Buffer.alloc(0),
  synced: Buffer.alloc(0),
  unsynced: [],
});

function apply(names: Map<string, Node>, { set, gone }: Rename): void {
  for (const name of gone) names.delete(name);
  for (const [name, node] of set) names.set(name, node);
}

function change(node: Node, made: Change): void {
  node.content = changed(node.content, made);
  node.unsynced.push(made);
}

function changed(content: Buffer, made: Change): Buffer {
  if (made.kind === 'truncate') {
    const cut = Buffer.alloc(made.size);
    content.copy(cut);
    return cut;
  }
  const grown = Buffer.alloc(Math.max(content.length, made.offset + made.bytes.length));
  content.copy(grown);
  made.bytes.copy(grown, made.offset);
  return grown;
}

/** The first changes survive, the last of these perhaps in part. */
function losePower(node: Node, survives: Choice): void {
  const whole = survives(node.unsynced.length);
  const torn = node.unsynced[whole];
  for (const done of node.unsynced.slice(0, whole)) node.synced = changed(node.synced, done);
  if (torn?.kind === 'write') {
    const bytes = torn.bytes.subarray(0, survives(torn.bytes.length));
    if (bytes.length > 0) node.synced = changed(node.synced, { ...torn, bytes });
  }
  node.unsynced = [];
  node.content = node.synced;
}
