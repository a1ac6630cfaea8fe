export { MOST_PASTED_CHARACTERS } from './pasted-text.js';
export type { KeyToken, Token } from './token.js';
export { ESCAPE_AFTER_MS, Tokeniser } from './tokeniser.js';
