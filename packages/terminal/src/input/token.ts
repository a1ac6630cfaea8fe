/** What a person did at the terminal, one at a time. */

export interface KeyToken {
  readonly kind: 'key';
  /**
   * `a`, `A`, `é`, `:`, `space`, `enter`, `tab`, `escape`, `backspace`, `delete`, `insert`, `up`, `down`,
   * `left`, `right`, `home`, `end`, `page-up`, `page-down`, `f1` … `f12`; with `shift-`, `alt-`, `ctrl-`
   * before it in this order (`alt-ctrl-x`, `shift-tab`, `ctrl-left`). A letter carries its case instead of
   * `shift-`.
   */
  readonly name: string;
  /** What it types; undefined when it types nothing. */
  readonly text: string | undefined;
}

export type Token =
  | KeyToken
  /** Text of one paste, lines separated by `\n`; nothing in it is a key. */
  | { readonly kind: 'paste'; readonly text: string }
  | {
      readonly kind: 'mouse';
      readonly action: 'press' | 'release' | 'drag' | 'wheel-up' | 'wheel-down';
      readonly button: 'left' | 'middle' | 'right' | undefined;
      /** Cells from 0. */
      readonly x: number;
      readonly y: number;
    }
  /** The terminal's report of its background. */
  | { readonly kind: 'background'; readonly light: boolean }
  /** The terminal has read everything up to the request for this sign. */
  | { readonly kind: 'sign' }
  /** The terminal's window got or lost the focus. */
  | { readonly kind: 'focus'; readonly focused: boolean };
