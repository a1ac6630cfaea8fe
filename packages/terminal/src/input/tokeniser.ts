/**
 * Turns the bytes of a terminal into complete tokens, in order, however the bytes were split on the way.
 *
 * Bytes alone don't show whether an Escape was the key or the begin of a sequence. A terminal sends a
 * sequence at once; a person pauses. So an Escape with nothing after it for `ESCAPE_AFTER_MS` was the key.
 * Time is an argument; the caller arms one timer for `nextDeadline()`.
 */
import { characterKey, controlKey, NO_MODIFIERS, specialKey } from './key-name.js';
import { PastedText } from './pasted-text.js';
import { applicationKey, commandToken, consoleKey, parseSequence, tokenOf } from './sequence.js';
import type { Token } from './token.js';

/** Longer than the parts of a sequence are apart, shorter than a person notices, ms. */
export const ESCAPE_AFTER_MS = 40;
/**
 * How long to wait for the rest of a sequence on a slow line, ms; no key begins like it, so waiting costs
 * nothing.
 */
export const REST_OF_SEQUENCE_MS = 500;
/** A paste that is silent for this long has lost its end, and keys must work again, ms. */
export const REST_OF_PASTE_MS = 5_000;
/** Longest sequence worth reading; no key has more than 20 characters. */
const MOST_SEQUENCE_CHARACTERS = 256;

const ESCAPE = '\u001b';
const PASTE_BEGIN = '200';
const PASTE_END = '\u001b[201~';
/** After `ESC`: strings of the terminal to the program (DCS, SOS, OSC, PM, APC), up to `ESC \` or a bell. */
const STRING_INTRODUCERS = 'PX]^_';
/** A text up to the next control character; the segmenter splits it. */
const PLAIN_RUN = /[^\p{Cc}]+/uy;
const ASCII = /^[\x20-\x7e]+$/;
const SEQUENCE_BODY = /[\x20-\x3f]*/y;

type Step =
  /** `length` characters were read. */
  | { readonly kind: 'took'; readonly length: number; readonly token: Token | undefined }
  | { readonly kind: 'paste-begins'; readonly length: number }
  /** `command`: its text may be an answer. */
  | { readonly kind: 'string-begins'; readonly length: number; readonly command: boolean }
  /** More input must come: wait at most this long. */
  | { readonly kind: 'waits'; readonly forMs: number };

type Mode =
  | { readonly kind: 'keys' }
  | { readonly kind: 'paste'; readonly pasted: PastedText }
  /**
   * Inside an answer of the terminal, of which `said` has arrived. It ends at `untilMs` in any case, else
   * keys would disappear in it.
   */
  | { readonly kind: 'string'; readonly untilMs: number; readonly said: string | undefined };

const KEYS: Mode = { kind: 'keys' };
const took = (length: number, token: Token | undefined): Step => ({ kind: 'took', length, token });

export class Tokeniser {
  readonly #segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  #mode: Mode = KEYS;
  /** Input that is not read yet. */
  #rest = '';
  #deadline: number | undefined;

  /** @param now monotonic ms */
  feed(now: number, chunk: string): Token[] {
    const tokens = this.#expire(now);
    if (chunk === '') return tokens;
    this.#rest += chunk;
    this.#read(now, tokens);
    return tokens;
  }

  /** When to call `tick` if nothing is fed before. */
  nextDeadline(): number | undefined {
    return this.#deadline;
  }

  tick(now: number): Token[] {
    return this.#expire(now);
  }

  #expire(now: number): Token[] {
    const tokens: Token[] = [];
    while (this.#deadline !== undefined && now >= this.#deadline) {
      this.#deadline = undefined;
      this.#giveUpWaiting(tokens);
      this.#read(now, tokens);
    }
    return tokens;
  }

  #read(now: number, tokens: Token[]): void {
    this.#deadline = undefined;
    for (;;) {
      const mode = this.#mode;
      if (mode.kind === 'paste' && !this.#readPaste(mode.pasted, tokens)) {
        this.#deadline = now + REST_OF_PASTE_MS;
        return;
      }
      if (mode.kind === 'string' && !this.#readString(mode, tokens)) {
        this.#deadline = mode.untilMs;
        return;
      }
      const waitsForMs = this.#readKeys(now, tokens);
      if (waitsForMs !== undefined) {
        this.#deadline = now + waitsForMs;
        return;
      }
      if (this.#mode.kind === 'keys') return;
    }
  }

  /**
   * Reads up to a paste, a string, the end, or an incomplete token. @returns for an incomplete token how long
   * to wait
   */
  #readKeys(now: number, tokens: Token[]): number | undefined {
    const text = this.#rest;
    let at = 0;
    while (at < text.length && this.#mode.kind === 'keys') {
      at = this.#readPlain(text, at, tokens);
      if (at >= text.length) break;
      const step = stepAt(text, at);
      if (step.kind === 'waits') {
        this.#rest = text.slice(at);
        return step.forMs;
      }
      at += step.length;
      if (step.kind === 'paste-begins') this.#mode = { kind: 'paste', pasted: new PastedText() };
      else if (step.kind === 'string-begins')
        this.#mode = {
          kind: 'string',
          untilMs: now + REST_OF_SEQUENCE_MS,
          said: step.command ? '' : undefined,
        };
      else if (step.token !== undefined) tokens.push(step.token);
    }
    this.#rest = text.slice(at);
    return undefined;
  }

  /** Reads typed text, one token for each visible character. @returns where the next control character is */
  #readPlain(text: string, at: number, tokens: Token[]): number {
    PLAIN_RUN.lastIndex = at;
    const run = PLAIN_RUN.exec(text)?.[0];
    if (run === undefined) return at;
    if (ASCII.test(run)) {
      for (const character of run) tokens.push(characterKey(character));
      return at + run.length;
    }
    for (const { segment, index } of this.#segmenter.segment(run)) {
      // Half a character at the end: the other half is in the next chunk.
      if (at + index + 1 === text.length && isHighSurrogate(segment)) return at + index;
      tokens.push(characterKey(segment));
    }
    return at + run.length;
  }

  /** @returns whether the paste has ended */
  #readPaste(pasted: PastedText, tokens: Token[]): boolean {
    const end = this.#rest.indexOf(PASTE_END);
    if (end < 0) {
      // The end mark may be split too: keep what could be its begin.
      const kept = partialEnd(this.#rest, PASTE_END);
      pasted.add(this.#rest.slice(0, this.#rest.length - kept));
      this.#rest = kept === 0 ? '' : this.#rest.slice(-kept);
      return false;
    }
    pasted.add(this.#rest.slice(0, end));
    this.#rest = this.#rest.slice(end + PASTE_END.length);
    this.#endPaste(pasted, tokens);
    return true;
  }

  #endPaste(pasted: PastedText, tokens: Token[]): void {
    const text = pasted.text();
    if (text !== '') tokens.push({ kind: 'paste', text });
    this.#mode = KEYS;
  }

  /** @returns whether the string has ended */
  #readString(mode: Extract<Mode, { kind: 'string' }>, tokens: Token[]): boolean {
    const end = stringEnd(this.#rest);
    const kept = end === undefined && this.#rest.endsWith(ESCAPE) ? ESCAPE : '';
    const part = this.#rest.slice(0, end ?? this.#rest.length - kept.length);
    const said = mode.said === undefined ? undefined : (mode.said + part).slice(0, MOST_SEQUENCE_CHARACTERS);
    if (end === undefined) {
      this.#rest = kept;
      this.#mode = { ...mode, said };
      return false;
    }
    this.#rest = this.#rest.slice(end);
    this.#mode = KEYS;
    const token = said === undefined ? undefined : commandToken(said);
    if (token !== undefined) tokens.push(token);
    return true;
  }

  #giveUpWaiting(tokens: Token[]): void {
    const mode = this.#mode;
    if (mode.kind === 'paste') {
      mode.pasted.add(this.#rest);
      this.#rest = '';
      this.#endPaste(mode.pasted, tokens);
      return;
    }
    this.#mode = KEYS;
    const rest = this.#rest;
    this.#rest = '';
    if (mode.kind === 'string') return;
    // Escape, or Alt with a character that sequences begin with. Anything longer is a sequence that lost its
    // end.
    const escapes = rest.startsWith(ESCAPE + ESCAPE) ? 1 : 0;
    if (escapes > 0) tokens.push(specialKey('escape'));
    const last = rest.slice(escapes);
    if (last === ESCAPE) tokens.push(specialKey('escape'));
    else if (last.length === 2 && last.startsWith(ESCAPE)) tokens.push(altKey(last.slice(1)));
  }
}

/** Reads at a control character, or at half of a surrogate pair. */
function stepAt(text: string, at: number): Step {
  const code = text.charCodeAt(at);
  if (code !== 0x1b) {
    if (isHighSurrogate(text.charAt(at))) return { kind: 'waits', forMs: ESCAPE_AFTER_MS };
    return took(1, controlKey(code));
  }
  const next = text.charAt(at + 1);
  if (next === '') return { kind: 'waits', forMs: ESCAPE_AFTER_MS };
  if (next === ESCAPE) return escapeTwice(text, at);
  if (next === '[') return controlSequence(text, at);
  if (next === 'O') return applicationSequence(text, at);
  if (STRING_INTRODUCERS.includes(next))
    return text.length === at + 2
      ? { kind: 'waits', forMs: ESCAPE_AFTER_MS }
      : { kind: 'string-begins', length: 2, command: next === ']' };
  const control = controlKey(next.charCodeAt(0), { ...NO_MODIFIERS, alt: true });
  if (control !== undefined) return took(2, control);
  const character = String.fromCodePoint(text.codePointAt(at + 1) ?? 0);
  if (isHighSurrogate(character) && character.length === 1 && text.length === at + 2)
    return { kind: 'waits', forMs: ESCAPE_AFTER_MS };
  return took(1 + character.length, altKey(character));
}

/**
 * rxvt, PuTTY and iTerm2 send Alt with an arrow as Escape and the arrow's sequence. A person can't press
 * Escape and an arrow within one chunk, so this is Alt with the arrow. Two Escapes and anything else are two
 * keys.
 */
function escapeTwice(text: string, at: number): Step {
  const third = text.charAt(at + 2);
  if (third === '') return { kind: 'waits', forMs: ESCAPE_AFTER_MS };
  if (third !== '[' && third !== 'O') return took(1, specialKey('escape'));
  const inner = stepAt(text, at + 1);
  if (inner.kind === 'waits') return inner;
  if (inner.kind !== 'took' || inner.token?.kind !== 'key') return took(1, specialKey('escape'));
  const { name } = inner.token;
  if (name.includes('alt-')) return took(1, specialKey('escape'));
  const withAlt = name.startsWith('shift-') ? `shift-alt-${name.slice('shift-'.length)}` : `alt-${name}`;
  return took(1 + inner.length, specialKey(withAlt));
}

function controlSequence(text: string, at: number): Step {
  const start = at + 2;
  if (text.charAt(start) === '[') {
    const letter = text.charAt(start + 1);
    return letter === '' ? { kind: 'waits', forMs: REST_OF_SEQUENCE_MS } : took(4, consoleKey(letter));
  }
  SEQUENCE_BODY.lastIndex = start;
  const body = SEQUENCE_BODY.exec(text)?.[0] ?? '';
  const end = start + body.length;
  const final = text.charAt(end);
  if (final === '' && body.length > MOST_SEQUENCE_CHARACTERS)
    return { kind: 'string-begins', length: end - at, command: false };
  if (final === '') return { kind: 'waits', forMs: body === '' ? ESCAPE_AFTER_MS : REST_OF_SEQUENCE_MS };
  // Not a sequence: its begin is dropped, and the character that broke it is read by itself.
  if (final < '\u0040' || final > '\u007e') return took(end - at, undefined);
  const length = end + 1 - at;
  if (final === '~' && body === PASTE_BEGIN) return { kind: 'paste-begins', length };
  // The oldest mouse report has three more characters after its final one; otherwise they would count as
  // typed.
  if (final === 'M' && body === '')
    return text.length < at + length + 3
      ? { kind: 'waits', forMs: REST_OF_SEQUENCE_MS }
      : took(length + 3, undefined);
  const sequence = body.length > MOST_SEQUENCE_CHARACTERS ? undefined : parseSequence(body + final);
  return took(length, sequence === undefined ? undefined : tokenOf(sequence));
}

const APPLICATION_KEY = /(\d?)([\x40-\x7e])/y;

function applicationSequence(text: string, at: number): Step {
  const start = at + 2;
  APPLICATION_KEY.lastIndex = start;
  const match = APPLICATION_KEY.exec(text);
  if (match === null) {
    if (text.length === start) return { kind: 'waits', forMs: ESCAPE_AFTER_MS };
    if (text.length === start + 1 && /\d/.test(text.charAt(start)))
      return { kind: 'waits', forMs: REST_OF_SEQUENCE_MS };
    return took(2, altKey('O'));
  }
  const [whole, modifier, letter = ''] = match;
  return took(2 + whole.length, applicationKey(modifier === '' ? undefined : Number(modifier), letter));
}

/** How many characters at the end of `text` could be the begin of `end`. */
function partialEnd(text: string, end: string): number {
  for (let length = Math.min(end.length - 1, text.length); length > 0; length -= 1)
    if (text.endsWith(end.slice(0, length))) return length;
  return 0;
}

/**
 * Where the first string in `text` ends: after `ESC \` or a bell, or before a character that it can't
 * contain.
 */
function stringEnd(text: string): number | undefined {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BELL || code === STRING_TERMINATOR) return at + 1;
    if (code !== 0x1b || at + 1 === text.length) continue;
    return text.charAt(at + 1) === '\\' ? at + 2 : at;
  }
  return undefined;
}

const BELL = 0x07;
const STRING_TERMINATOR = 0x9c;

const altKey = (character: string): Token => characterKey(character, { ...NO_MODIFIERS, alt: true });

const isHighSurrogate = (text: string): boolean => text.length === 1 && text >= '\ud800' && text < '\udc00';
