/**
 * Checks that a name has one owner, that a code lets in one key, and that a revoked key neither writes nor
 * reads on.
 *
 * A model of its own says of each committed entry whether it may have an effect. It knows nothing of how the
 * machines keep keys.
 */
import type { CodeHash, Entry, Epoch, Position, PublicKey, Reply, SessionId, UserName } from '@dualping/core';
import { entryText } from '../entry-text.js';
import type { ServerProcess } from '../server-process.js';
import { type Checker, type Request, Violation } from './checker.js';
import type { History } from './history.js';

/** Why an entry has no effect. */
export type Muteness = 'name-has-one-owner' | 'spent-code-is-spent' | 'revoked-key-speaks-no-more';

/** What is known of a key of a name: since when it spoke, and until when. */
interface Known {
  revokedAt: number | undefined;
}

export class KeyModel {
  /** Of each name that belongs to a key, the keys that ever spoke for it. */
  readonly #owners = new Map<UserName, Map<PublicKey, Known>>();
  readonly #codes = new Map<CodeHash, { readonly user: UserName | undefined; spent: boolean }>();
  /** With which key each session has logged in; `mute`: its login was refused. */
  readonly #sessions = new Map<SessionId, PublicKey | 'mute' | undefined>();
  /** Names that are in use, with a key or without. */
  readonly #inUse = new Set<UserName>();
  readonly #mute = new Map<Position, Muteness>();

  /** @returns whether the entry may have an effect; entries come in order, each once */
  takes(entry: Entry): boolean {
    const why = this.#judge(entry);
    if (why !== undefined) this.#mute.set(entry.position, why);
    return why === undefined;
  }

  whyMute(position: Position): Muteness | undefined {
    return this.#mute.get(position);
  }

  revokedAt(user: UserName, key: PublicKey): number | undefined {
    return this.#owners.get(user)?.get(key)?.revokedAt;
  }

  #judge({ command, position, sessionId }: Entry): Muteness | undefined {
    switch (command.kind) {
      case 'register': {
        const key = command.login?.key;
        const why = this.#login(command.user, key, command.login?.code);
        this.#sessions.set(sessionId, why === undefined ? key : 'mute');
        if (why === undefined) this.#inUse.add(command.user);
        return why;
      }
      case 'follow':
      case 'unfollow':
      case 'post':
        return this.#whySilent(command.user, sessionId);
      case 'invite-device': {
        const why = this.#whySilent(command.user, sessionId);
        if (why === undefined) this.#makeCode(command.code, command.user);
        return why;
      }
      case 'revoke-key': {
        const why = this.#whySilent(command.user, sessionId);
        const ring = this.#owners.get(command.user);
        const speaking = [...(ring ?? [])].filter(([, { revokedAt }]) => revokedAt === undefined);
        const known = ring?.get(command.key);
        if (why === undefined && known !== undefined && speaking.length > 1) known.revokedAt ??= position;
        return why;
      }
      case 'reset-keys':
        // Refused, and no code is made: there is nobody who has lost a key.
        if (!this.#inUse.has(command.user)) return undefined;
        if (!this.#codes.has(command.code))
          for (const known of this.#owners.get(command.user)?.values() ?? []) known.revokedAt ??= position;
        this.#makeCode(command.code, command.user);
        return undefined;
      case 'invite':
        // Refused too: the name belongs to somebody.
        if (command.user !== undefined && this.#owners.has(command.user)) return undefined;
        this.#makeCode(command.code, command.user);
        return undefined;
      default:
        return undefined;
    }
  }

  #makeCode(code: CodeHash, user: UserName | undefined): void {
    if (!this.#codes.has(code)) this.#codes.set(code, { user, spent: false });
  }

  #login(user: UserName, key: PublicKey | undefined, shown: CodeHash | undefined): Muteness | undefined {
    const ring = this.#owners.get(user);
    if (key === undefined) return ring === undefined ? undefined : 'name-has-one-owner';
    if (ring === undefined) {
      this.#owners.set(user, new Map([[key, { revokedAt: undefined }]]));
      const code = shown === undefined ? undefined : this.#codes.get(shown);
      if (code?.user === undefined || code.user === user) this.#spend(shown);
      return undefined;
    }
    const known = ring.get(key);
    if (known !== undefined) return known.revokedAt === undefined ? undefined : 'revoked-key-speaks-no-more';
    const code = shown === undefined ? undefined : this.#codes.get(shown);
    if (code?.user !== user) return 'name-has-one-owner';
    if (code.spent) return 'spent-code-is-spent';
    this.#spend(shown);
    ring.set(key, { revokedAt: undefined });
    return undefined;
  }

  #spend(shown: CodeHash | undefined): void {
    const code = shown === undefined ? undefined : this.#codes.get(shown);
    if (code !== undefined) code.spent = true;
  }

  #whySilent(user: UserName, sessionId: SessionId): Muteness | undefined {
    // Sessions of the people of the simulator, which have no keys, may have been forgotten.
    const ring = this.#owners.get(user);
    if (ring === undefined) return undefined;
    const key = this.#sessions.get(sessionId);
    if (key === undefined || key === 'mute') return 'name-has-one-owner';
    return ring.get(key)?.revokedAt === undefined ? undefined : 'revoked-key-speaks-no-more';
  }
}

export class KeyChecker implements Checker {
  constructor(readonly history: History) {}

  acknowledged({ name }: ServerProcess, epoch: Epoch, _: Request, reply: Reply): void {
    const { position } = reply;
    const entry = this.history.at(position);
    if (entry === undefined || this.history.mayBeLost(epoch, position)) return;
    const why = this.history.keys.whyMute(position);
    const isRefused = reply.kind === 'refused' && REASONS.has(reply.reason);
    if (isRefused === (why !== undefined)) return;
    throw new Violation(
      why ?? 'name-has-one-owner',
      `${name} ${isRefused ? 'refuses' : 'takes'} [${entryText(entry)}]`,
    );
  }

  keyShown({ user, key }: { readonly user: UserName; readonly key: PublicKey }, at: Position): void {
    const revokedAt = this.history.keys.revokedAt(user, key);
    if (revokedAt === undefined || at < revokedAt) return;
    throw new Violation(
      'revoked-key-speaks-no-more',
      `key ${key} of ${user} is shown what was posted at ${at}, and was revoked at ${revokedAt}`,
    );
  }
}

/** The refusals that are about keys. */
const REASONS: ReadonlySet<string> = new Set(['wrong-key', 'invitation-needed', 'invitation-spent']);
