/**
 * Finds the copies of grpc-js in a process. An installation may have several. Each copy knows only the
 * resolvers that were registered with it: a channel of another copy takes `dualping:///1` for a host name.
 */
import { createRequire } from 'node:module';
import { DualpingError } from '@dualping/core';
import * as ownGrpc from '@grpc/grpc-js';

const require = createRequire(import.meta.url);

/** The module `@grpc/grpc-js`, 1.14 or newer: what `import * as grpc from '@grpc/grpc-js'` gives. */
export interface GrpcModule {
  readonly experimental: {
    registerResolver(scheme: string, resolver: never): void;
    /** New in 1.14, which changed the interface between a resolver and its channel. */
    statusOrFromValue(value: never): unknown;
  };
  readonly Metadata: new () => object;
  readonly status: { readonly UNAVAILABLE: number };
}

/** Any copy, with the types of the one with which this package was compiled. */
export type Grpc = typeof ownGrpc;

/** Where all loaded copies of this package record which copies of grpc-js have a resolver. */
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
  // Each copy has its own classes, which TypeScript treats as different types. The parts used here are equal.
  return given as unknown as Grpc;
}

/**
 * Records that this copy has a resolver of its own.
 * @returns the loaded copies without a resolver
 */
export function noteRegistered(grpc: Grpc): Grpc[] {
  const registered = registeredCopies();
  registered.add(grpc.experimental);
  return loadedCopies()
    .map(([, copy]) => copy)
    .filter(({ experimental }) => !registered.has(experimental));
}

/** The folder from which a copy was loaded. Node does not list a copy inside a bundle. */
export function folderOf(grpc: GrpcModule): string {
  const found = loadedCopies().find(([, { experimental }]) => experimental === grpc.experimental);
  return found?.[0] ?? 'a bundle';
}

function registeredCopies(): WeakSet<object> {
  const shared = globalThis as { [REGISTERED]?: WeakSet<object> };
  shared[REGISTERED] ??= new WeakSet();
  return shared[REGISTERED];
}

/** All loaded copies with their folders. grpc-js is CommonJS, so Node caches it there for `import` too. */
function loadedCopies(): [string, Grpc][] {
  return Object.entries(require.cache).flatMap(([file, module]) => {
    const [, folder] = /^(.*[\\/]@grpc[\\/]grpc-js)[\\/]build[\\/]src[\\/]index\.js$/.exec(file) ?? [];
    const copy = module?.exports as Grpc | undefined;
    return folder === undefined || copy?.experimental === undefined ? [] : [[folder, copy]];
  });
}
