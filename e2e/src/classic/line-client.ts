/** Our `tsc`, used as a person does. */
import type { DualpingProcess } from '../dualping-process.js';
import type { Family } from './family.js';

export class LineClient {
  private constructor(
    readonly process: DualpingProcess,
    readonly user: string,
  ) {}

  static async start(family: Family, user: number, ...flags: readonly string[]): Promise<LineClient> {
    const client = new LineClient(family.startClient(user, ...flags), String(user));
    await client.process.line(/TINY SNS CLIENT/);
    await client.process.line(/^=+$/);
    return client;
  }

  type(line: string): void {
    this.process.type(`${line}\n`);
  }

  /** The line that answers a command, without the prompt. */
  async answer(command: string): Promise<string> {
    const from = this.process.lines.length;
    this.type(command);
    return (await this.process.line(/^Cmd> ./, from)).replace(/^(Cmd> )+/, '');
  }

  async says(pattern: RegExp): Promise<string> {
    return await this.process.line(pattern);
  }
}
