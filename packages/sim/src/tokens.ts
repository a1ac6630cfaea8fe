/**
 * The tokens of a JavaScript program. White space, line breaks, comments, trailing commas and the kind of
 * quotes are left to a formatter, and do not count: two texts with the same tokens are the same program.
 */
export interface Token {
  readonly text: string;
  /** Where it is in the source. */
  readonly start: number;
  readonly end: number;
}

const LAYOUT = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const WORD = /#?[\p{ID_Start}$_][\p{ID_Continue}$]*/uy;
const NUMBER = /\d[\w.]*/y;
const REGULAR_EXPRESSION = /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
/** The longest come first. */
const SIGN =
  /\.\.\.|>>>=|>>>|===|!==|\*\*=|<<=|>>=|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?!\d)|\+\+|--|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|<<|>>|\*\*|[-+*/%&|^!~?:=<>.,;()[\]{}@]/y;

/** After these a slash begins a regular expression, though they are words. */
const BEFORE_EXPRESSION = new Set(['return', 'typeof', 'case', 'in', 'of', 'void', 'delete', 'throw', 'new']);
const CLOSES = new Set([')', ']', '}']);

/** @throws Error for what is no token */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  for (let at = skipLayout(source, 0); at < source.length; ) {
    const text = tokenAt(source, at, tokens.at(-1)?.text);
    if (CLOSES.has(text) && tokens.at(-1)?.text === ',') tokens.pop();
    tokens.push({ text: withOneQuote(text), start: at, end: at + text.length });
    at = skipLayout(source, at + text.length);
  }
  return tokens;
}

const matchAt = (pattern: RegExp, source: string, at: number): string | undefined => {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
};

const skipLayout = (source: string, at: number): number => at + (matchAt(LAYOUT, source, at)?.length ?? 0);

function tokenAt(source: string, at: number, before: string | undefined): string {
  if (source[at] === '`') return source.slice(at, templateEnd(source, at));
  const text =
    matchAt(STRING, source, at) ??
    matchAt(WORD, source, at) ??
    matchAt(NUMBER, source, at) ??
    (endsExpression(before) ? undefined : matchAt(REGULAR_EXPRESSION, source, at)) ??
    matchAt(SIGN, source, at);
  if (text === undefined)
    throw new Error(`no token begins with ${JSON.stringify(source.slice(at, at + 20))}`);
  return text;
}

/** What a slash divides: a name, a value, what is in brackets. */
const endsExpression = (token: string | undefined): boolean =>
  token !== undefined && !BEFORE_EXPRESSION.has(token) && /^[\p{ID_Continue}$#'"`)\]}]/u.test(token);

/** The end of a template literal, with what is in its `${}`. */
function templateEnd(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at += 1) {
    if (source[at] === '`') return at + 1;
    if (source[at] === '\\') at += 1;
    else if (source.startsWith('${', at)) at = bracesEnd(source, at + 2);
  }
  throw new Error(`a template literal has no end: ${source.slice(start, start + 20)}`);
}

/** @returns where the brace is that closes what has begun before */
function bracesEnd(source: string, start: number): number {
  let open = 1;
  let before: string | undefined;
  for (let at = skipLayout(source, start); at < source.length; at = skipLayout(source, at)) {
    before = tokenAt(source, at, before);
    if (before === '{') open += 1;
    if (before === '}') open -= 1;
    if (open === 0) return at;
    at += before.length;
  }
  throw new Error(`a brace has no end: ${source.slice(start, start + 20)}`);
}

const withOneQuote = (text: string): string =>
  text.startsWith('"') ? `'${text.slice(1, -1).replaceAll("'", "\\'").replaceAll('\\"', '"')}'` : text;
