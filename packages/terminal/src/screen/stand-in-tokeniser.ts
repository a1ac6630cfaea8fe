import type { Token } from '../input/token.js';
export class Tokeniser {
  feed(_now: number, chunk: Uint8Array): Token[] {
    return [{ kind: 'key', name: Buffer.from(chunk).toString(), text: undefined }];
  }
  nextDeadline(): number | undefined {
    return undefined;
  }
  tick(_now: number): Token[] {
    return [];
  }
}
