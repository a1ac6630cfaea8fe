/** The full-screen client: the session, the screen and the files around one state. */
import { join } from 'node:path';
import type { ReadStream, WriteStream } from 'node:tty';
import type { DualpingSession } from '@dualping/client';
import { foldersFor } from '@dualping/host';
import createDebug from 'debug';
import { interval, map, merge, type Observable, Subscription } from 'rxjs';
import { ClientFile } from '../files/client-file.js';
import { KnownNetworks } from '../files/known-networks.js';
import { type Ending, type Lifecycle, watchOver } from '../screen/lifecycle.js';
import { openScreen, type Screen } from '../screen/screen.js';
import { themeFrom } from '../screen/theme.js';
import type { Effect, Event } from '../state/events.js';
import { initialState } from '../state/initial.js';
import { takeOwnKeys } from '../state/own-keys.js';
import type { Settings, State, TimelineId } from '../state/state.js';
import { step } from '../state/step.js';
import { view } from '../view/view.js';
import { systemClock } from './clock.js';
import { copyIntoTmux } from './copy.js';
import { divertDiagnostics } from './diagnostics.js';
import { editedElsewhere } from './external-editor.js';
import { framesOf } from './frames.js';
import { keptOf } from './kept.js';
import { Network } from './network.js';
import { openLink } from './open-link.js';
import { savesOf } from './saves.js';
import { Store } from './store.js';

const debug = createDebug('dualping:terminal');

export interface ClientOptions {
  /** Closed when the client ends. */
  readonly session: DualpingSession;
  readonly routers: readonly string[];
  readonly network: NetworkNames;
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly env: NodeJS.ProcessEnv;
  /**
   * Resolves if the network refuses the session before the person can have worked with it. The client then
   * ends; its caller says why.
   */
  readonly refused: Promise<void>;
}

/** Interval at which ages, countdowns and short notices are updated. */
const CLOCK_MS = 500;

/** The names of the network: what the person has read belongs to one network. */
export interface NetworkNames {
  /** Its id, as soon as it answers; never rejects. */
  readonly id: Promise<string>;
  /** The name in its certificate; undefined: it runs without TLS. */
  readonly certified: string | undefined;
  /** Names that earlier versions used: its routers, its folder. */
  readonly formerly: readonly string[];
}

/**
 * Takes the terminal until the person quits or the process must end, and then restores it.
 * @returns the exit code: 0; 1 after a bug of ours; 128 plus the number of the signal
 * @throws NoScreen if the terminal can't show a full screen; the session then stays open
 */
export async function runClient(options: ClientOptions): Promise<number> {
  return await new Client(options).ended;
}

class Client {
  readonly ended: Promise<number>;
  readonly #session: DualpingSession;
  readonly #network: Network;
  #file: ClientFile;
  readonly #fileFor: (network: string) => ClientFile;
  readonly #screen: Screen;
  readonly #store: Store<State, Event, Effect>;
  readonly #lifecycle: Lifecycle;
  #settings: Settings;
  readonly #env: NodeJS.ProcessEnv;
  readonly #backToStderr: () => void;
  readonly #running = new Subscription();
  #end: (exitCode: number) => void = () => {};

  /**
   * The first frame waits for nothing: until the network tells its id, the network is guessed by its
   * certificate and its address.
   */
  constructor({ session, routers, network, input, output, env, refused }: ClientOptions) {
    const folders = foldersFor(env);
    const problems: string[] = [];
    this.#session = session;
    this.#env = env;
    this.#network = new Network(session);
    const known = new KnownNetworks(folders);
    const byAddress = routers.join();
    this.#fileFor = (name) =>
      new ClientFile({
        folders,
        user: session.user,
        network: name,
        formerly: name === byAddress ? [] : [byAddress, ...network.formerly],
        onProblem: (text) => {
          problems.push(text);
          this.#store?.dispatch({ kind: 'problem', text });
        },
      });
    const place = { routers, certified: network.certified };
    const name = known.idAt(place) ?? byAddress;
    this.#file = this.#fileFor(name);
    void network.id.then((told) => {
      known.remember(place, told);
      if (told !== name) this.#networkTold(told, name !== byAddress);
    });
    const { settings, followsBackground } = settingsFor(this.#file, env);
    this.#settings = settings;
    problems.push(...takeOwnKeys(this.#file.loadKeys()));
    const kept = this.#file.load();
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#screen = openScreen({ input, output, env, theme: settings.theme, mouse: settings.mouse });
    this.#backToStderr = divertDiagnostics(join(folders.state, 'client.log'));
    this.#lifecycle = watchOver(this.#screen, {
      onScreenClosed: this.#backToStderr,
      beforeEnd: (ending) => this.#save(ending),
      exit: (exitCode) => this.#leave(exitCode),
    });
    const { size } = this.#screen;
    const me = session.user;
    const first = initialState({
      me,
      routers,
      size,
      clock: systemClock(),
      settings,
      followsBackground,
      kept,
    });
    this.#store = new Store(first, systemClock, step);
    this.#running.add(this.#store.effects$.subscribe((effect) => this.#perform(effect)));
    this.#running.add(framesOf(this.#store.state$).subscribe((state) => this.#screen.draw(view(state))));
    this.#running.add(savesOf(this.#store.state$).subscribe((state) => this.#file.saveSoon(keptOf(state))));
    this.#screen.setTitle(`dualping @${me}`);
    for (const text of problems) this.#store.dispatch({ kind: 'problem', text });
    this.#running.add(this.#events$().subscribe(this.#store.dispatch));
    void refused.then(() => this.#quit());
  }

  /** Saves to the file of the network that this really is, and loads what is saved for it. */
  #networkTold(id: string, another: boolean): void {
    if (this.#running.closed) return;
    this.#file.save(keptOf(this.#store.state));
    this.#file = this.#fileFor(id);
    this.#store.dispatch({ kind: 'remembered', kept: this.#file.load(), another });
  }

  #events$(): Observable<Event> {
    return merge(
      this.#screen.tokens$.pipe(map((token): Event => ({ kind: 'token', token }))),
      this.#screen.sizes$.pipe(map((size): Event => ({ kind: 'resized', size }))),
      this.#network.events$,
      interval(CLOCK_MS).pipe(map((): Event => ({ kind: 'clock' }))),
    );
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'settings':
        this.#screen.setTheme(effect.settings.theme);
        this.#screen.setMouse(effect.settings.mouse && !this.#store.state.bare);
        this.#file.saveSettings(changesFrom(this.#settings, effect.settings));
        this.#settings = effect.settings;
        return;
      case 'theme':
        this.#screen.setTheme(effect.theme);
        this.#settings = { ...this.#settings, theme: effect.theme };
        return;
      case 'mouse':
        return this.#screen.setMouse(effect.on);
      case 'open':
        return void openLink(effect.url, this.#env).then((problem) => {
          if (problem !== undefined) this.#store.dispatch({ kind: 'problem', text: problem });
        });
      case 'edit':
        return void this.#edit(effect.timeline, effect.text);
      case 'copy':
        this.#screen.copy(effect.text);
        return copyIntoTmux(effect.text, this.#env);
      case 'ring':
        return this.#screen.ring();
      case 'redraw':
        return this.#screen.redraw();
      case 'suspend':
        return this.#lifecycle.suspend();
      case 'quit':
        return void this.#quit();
      default:
        void this.#network.perform(effect)?.then((event) => {
          if (event !== undefined) this.#store.dispatch(event);
        });
    }
  }

  async #edit(timeline: TimelineId, text: string): Promise<void> {
    const edited = await this.#lifecycle.lend(() => editedElsewhere(text, this.#env));
    if (edited.kind === 'text') this.#store.dispatch({ kind: 'edited', timeline, text: edited.text });
    else this.#store.dispatch({ kind: 'problem', text: edited.text });
  }

  async #quit(): Promise<void> {
    const closed = this.#screen.close();
    this.#backToStderr();
    this.#saveOrTell();
    await closed;
    this.#leave(0);
  }

  #save(ending: Ending): void {
    debug('ends: %o', ending);
    this.#saveOrTell();
  }

  /** If saving fails, prints the unsaved texts on the terminal, which has its normal screen by now. */
  #saveOrTell(): void {
    const kept = keptOf(this.#store.state);
    if (this.#file.save(kept)) return;
    for (const text of [...kept.drafts.values(), ...kept.unsent.map(({ text: unsent }) => unsent)])
      process.stderr.write(`dualping: this could not be saved:\n${text}\n`);
  }

  #leave(exitCode: number): void {
    this.#running.unsubscribe();
    this.#lifecycle.release();
    this.#session.close();
    this.#end(exitCode);
  }
}

/** NO_COLOR is set for this terminal, so it wins over a chosen theme, which is for all terminals. */
function settingsFor(
  file: ClientFile,
  env: NodeJS.ProcessEnv,
): { readonly settings: Settings; readonly followsBackground: boolean } {
  const theme = themeFrom(env);
  const chosen = file.loadSettings();
  const settings: Settings = {
    mouse: true,
    times: 'relative',
    bell: false,
    ...chosen,
    theme: theme === 'plain' ? theme : (chosen.theme ?? theme),
  };
  return { settings, followsBackground: theme !== 'plain' && chosen.theme === undefined };
}

/** The settings that the person changed; the others may be only for this terminal. */
const changesFrom = (before: Settings, after: Settings): Partial<Settings> => ({
  ...(after.theme === before.theme ? {} : { theme: after.theme }),
  ...(after.mouse === before.mouse ? {} : { mouse: after.mouse }),
  ...(after.times === before.times ? {} : { times: after.times }),
  ...(after.bell === before.bell ? {} : { bell: after.bell }),
});
