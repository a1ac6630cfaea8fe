/** What users get and see, as lines of a scenario. */
import type { RequestResult } from '@dualping/core';
import type { ClientProcess } from '../client-process.js';

export class News {
  readonly #seen = new Map<string, { settled: number; shown: number }>();

  constructor(
    readonly clients: readonly ClientProcess[],
    readonly tell: (who: string, text: string) => void,
  ) {}

  /** Call it after each event. */
  look(): void {
    for (const { name, session } of this.clients) {
      if (session === undefined) continue;
      const before = this.#seen.get(session.sessionId) ?? { settled: 0, shown: 0 };
      const results = [...session.requests.values()].flatMap(({ result }) => result ?? []);
      for (const result of results.slice(before.settled)) this.tell(name, `is told: ${resultText(result)}`);
      for (const { author, text } of session.delivered.slice(before.shown))
        this.tell(name, `sees ${author}: ${text}`);
      this.#seen.set(session.sessionId, { settled: results.length, shown: session.delivered.length });
    }
  }
}

const resultText = (result: RequestResult): string =>
  result.kind === 'ok' ? `done, entry ${result.position}` : result.kind;
