/**
 * Which copy of grpc-js a channel is made of. An installation may have several, and each knows only the
 * resolvers that were registered with it: a channel of another copy takes `dualping:///1` for the name of a
 * host.
 */
import { createRequire } from 'node:module';
import { DualpingError } from '@dualping/core';
import * as ownGrpc from '@grpc/grpc-js';

const require = createRequire(import.meta.url);

/** The module `@grpc/grpc-js`, 1.14 or newer: what `import * as grpc from '@grpc/grpc-js'` gives. */
export interface GrpcModule {
  readonly experimental: {
    registerResolver(scheme: string, resolver: never): void;
    /** Came with 1.14, which changed what a resolver tells its channel. */
    statusOrFromValue(value: never): unknown;
  };
  readonly Metadata: new () => object;
  readonly status: { readonly UNAVAILABLE: number };
}

/** Any copy, by the types of the one that this package was compiled with. */
export type Grpc = typeof ownGrpc;

/** How all copies of this package that a process has loaded know which copies of grpc-js have a resolver. */
const REGISTERED = Symbol.for('@dualping/client: copies of grpc-js with a resolver');

/** The copy that this package finds, when none is given. @throws DualpingError `invalid-argument` */
export function checkGrpc(given: GrpcModule | undefined): Grpc {
  if (given === undefined) return ownGrpc;
  const { experimental, Metadata } = given;
  if (typeof experimental?.registerResolver !== 'function' || typeof Metadata !== 'function')
    throw new DualpingError(
      'invalid-argument',
      "grpc is not the module @grpc/grpc-js: give what import * as grpc from '@grpc/grpc-js' gives",
    );
  if (typeof experimental.statusOrFromValue !== 'function')
    throw new DualpingError(
      'invalid-argument',
      `the copy of @grpc/grpc-js in ${folderOf(given)} is too old for a name resolver: 1.14 is needed`,
    );
  // Copies have classes of their own, which TypeScript takes for different ones. What is used of them is the
  // same.
  return given as unknown as Grpc;
}

/**
 * Notes that this copy has a resolver of its own.
 * @returns copies that have none, of those that the process has loaded
 */
export function noteRegistered(grpc: Grpc): Grpc[] {
  const registered = registeredCopies();
  registered.add(grpc.experimental);
  return loadedCopies()
    .map(([, copy]) => copy)
    .filter(({ experimental }) => !registered.has(experimental));
}

/** Where a copy was loaded from, as far as Node tells: a bundler's or a loader's is in no list. */
export function folderOf(grpc: GrpcModule): string {
  const found = loadedCopies().find(([, { experimental }]) => experimental === grpc.experimental);
  return found?.[0] ?? 'a bundle';
}

function registeredCopies(): WeakSet<object> {
  const shared = globalThis as { [REGISTERED]?: WeakSet<object> };
  shared[REGISTERED] ??= new WeakSet();
  return shared[REGISTERED];
}

/** By their folders. grpc-js is CommonJS: whoever loads it, by `import` too, finds it in that cache. */
function loadedCopies(): [string, Grpc][] {
  return Object.entries(require.cache).flatMap(([file, module]) => {
    const [, folder] = /^(.*[\\/]@grpc[\\/]grpc-js)[\\/]build[\\/]src[\\/]index\.js$/.exec(file) ?? [];
    const copy = module?.exports as Grpc | undefined;
    return folder === undefined || copy?.experimental === undefined ? [] : [[folder, copy]];
  });
}
