/**
 * Reports the state of a server's disk to its operator and its machine. After the disk has hung once, the
 * server does not wait for it any more.
 */
import { DiskTimer } from '@dualping/host';

export class ServerDisk {
  readonly timer: DiskTimer;
  /** Does nothing until the machine exists: before that no other process relies on this server. */
  onStalled: (detail: string) => void = () => {};
  #hangs = false;

  constructor(stallMs: number, slow: (text: string) => void) {
    this.timer = new DiskTimer(stallMs, {
      slow,
      stalled: (text) => {
        this.#hangs = true;
        this.onStalled(text);
      },
      // The server has already left: it comes back with a new start.
      recovered: () => {},
    });
  }

  get hangs(): boolean {
    return this.#hangs;
  }
}
