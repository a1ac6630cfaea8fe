/** A process that a fault can kill in the middle of its outputs. */
import { Process } from './process.js';

export abstract class MortalProcess extends Process {
  /** The process is killed after so many more outputs; undefined: it isn't. */
  dieAfterOutputs: number | undefined;
  /** Called when the process dies in the middle of something. */
  onDied: () => void = () => {};

  abstract kill(powerLost?: boolean): void;

  /** Performs an output, unless the process dies before it. */
  protected perform(what: string, work: () => void): void {
    if (this.dieAfterOutputs === 0) {
      this.world.say(this.name, `dies before it can ${what}`);
      this.kill();
      return this.onDied();
    }
    if (this.dieAfterOutputs !== undefined) this.dieAfterOutputs -= 1;
    work();
  }
}
