/**
 * A wall clock that tests can move while a process runs. The monotonic clock is not changed, as when an
 * operator sets the clock.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFileNow } from '@dualping/host';

const LIBRARIES = '/usr/lib';
const LIBRARY = 'faketime/libfaketimeMT.so.1';

export class FakeClock {
  readonly #file: string;

  constructor(folder: string, name: string) {
    this.#file = join(folder, `clock-${name}`);
    this.move(0);
  }

  /** Sets the clock this many seconds from the true time. */
  move(seconds: number): void {
    // Replaced at once: a half-written file would be read as another time.
    replaceFileNow(this.#file, `${seconds < 0 ? '' : '+'}${seconds}\n`, { durable: false });
  }

  get environment(): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: library(),
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }
}

/** The path of libfaketime: Debian has it in a folder of the machine's architecture. */
function library(): string {
  for (const folder of readdirSync(LIBRARIES)) {
    const path = join(LIBRARIES, folder, 'faketime');
    if (folder.includes('-linux-gnu') && existsIn(path)) return join(LIBRARIES, folder, LIBRARY);
  }
  throw new Error(`${LIBRARY} is not under ${LIBRARIES}`);
}

function existsIn(path: string): boolean {
  try {
    return readdirSync(path).length > 0;
  } catch {
    return false;
  }
}
