/**
 * A wall clock that can be moved under a process that runs. What is monotonic stays so, as when an operator
 * sets the clock.
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

  /** By so many seconds from the true time. */
  move(seconds: number): void {
    // At one go: whoever reads half of it would take it for another time.
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

/** Debian keeps it in the folder of the machine's architecture. */
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
