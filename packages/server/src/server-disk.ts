/**
 * The disk of a server as its operator and its machine hear of it. One that has hung once is not waited for
 * any more.
 */
import { DiskTimer } from '@dualping/host';

export class ServerDisk {
  readonly timer: DiskTimer;
  /** Until a machine is there that can leave, nobody relies on this server. */
  onStalled: (detail: string) => void = () => {};
  #hangs = false;

  constructor(stallMs: number, slow: (text: string) => void) {
    this.timer = new DiskTimer(stallMs, {
      slow,
      stalled: (text) => {
        this.#hangs = true;
        this.onStalled(text);
      },
      // It has left already: what it knows of the cluster is old, and a new start is the way back.
      recovered: () => {},
    });
  }

  get hangs(): boolean {
    return this.#hangs;
  }
}
