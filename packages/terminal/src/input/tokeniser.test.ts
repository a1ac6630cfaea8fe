import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MOST_PASTED_CHARACTERS } from './pasted-text.js';
import type { Token } from './token.js';
import { ESCAPE_AFTER_MS, REST_OF_PASTE_MS, REST_OF_SEQUENCE_MS, Tokeniser } from './tokeniser.js';

/** All tokens of these chunks, fed at once, and of a long enough wait after them. */
function tokensOf(...chunks: readonly string[]): Token[] {
  const tokeniser = new Tokeniser();
  const tokens = chunks.flatMap((chunk) => tokeniser.feed(0, chunk));
  for (let deadline = tokeniser.nextDeadline(); deadline !== undefined; deadline = tokeniser.nextDeadline())
    tokens.push(...tokeniser.tick(deadline));
  return tokens;
}

/** `name` for a key; `name=text` if it types another text. */
const told = (token: Token): string => {
  switch (token.kind) {
    case 'key':
      return token.text === undefined || token.text === token.name
        ? token.name
        : `${token.name}=${token.text}`;
    case 'paste':
      return `paste:${token.text}`;
    case 'mouse':
      return `${token.action}:${token.button ?? '-'}@${token.x},${token.y}`;
    case 'background':
      return token.light ? '<light>' : '<dark>';
    case 'sign':
      return '<sign>';
    case 'focus':
      return token.focused ? 'focus' : 'blur';
  }
};
const keys = (...chunks: readonly string[]): string =>
  tokensOf(...chunks)
    .map(told)
    .join(' ');

test('characters, many in a chunk', () => {
  assert.equal(keys('jJ:é漢🎉'), 'j J : é 漢 🎉');
  assert.equal(keys('a b'), 'a space=  b');
  assert.equal(keys('e\u0301'), 'é=e\u0301');
  assert.equal(tokensOf('👨‍👩‍👧').length, 1);
});

test('a character in two chunks', () => {
  assert.equal(keys('a\ud83c', '\udf89b'), 'a 🎉 b');
  assert.equal(keys('a\ud83c'), 'a');
});

test('control keys', () => {
  assert.equal(
    keys('\r\n\t\x7f\b\x01\x1a\x00\x1f\x1c'),
    'enter ctrl-j tab backspace backspace ctrl-a ctrl-z ctrl-space ctrl-_ ctrl-\\',
  );
  assert.equal(keys('\r\r'), 'enter enter');
});

test('alt', () => {
  assert.equal(
    keys('\x1bz\x1bZ\x1b\r\x1b\x7f\x1b\x01\x1b '),
    'alt-z alt-Z alt-enter alt-backspace alt-ctrl-a alt-space',
  );
  assert.equal(keys('\x1b['), 'alt-[');
  assert.equal(keys('\x1bO'), 'alt-O');
  assert.equal(keys('\x1b]'), 'alt-]');
  assert.equal(keys('\x1b🎉'), 'alt-🎉');
});

test('arrows and their like, of each kind of terminal', () => {
  assert.equal(keys('\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F'), 'up down right left home end');
  assert.equal(keys('\x1bOA\x1bOB\x1bOC\x1bOD\x1bOH\x1bOF\x1bOM'), 'up down right left home end enter');
  assert.equal(
    keys('\x1b[1~\x1b[2~\x1b[3~\x1b[4~\x1b[5~\x1b[6~'),
    'home insert delete end page-up page-down',
  );
  assert.equal(keys('\x1bOP\x1b[11~\x1b[[A\x1b[15~\x1b[24~\x1b[[E'), 'f1 f1 f1 f5 f12 f5');
  assert.equal(keys('\x1b[Z'), 'shift-tab');
});

test('modifiers', () => {
  assert.equal(
    keys('\x1b[1;5D\x1b[1;3A\x1b[1;2C\x1b[3;5~\x1b[1;8H\x1b[1;2P'),
    'ctrl-left alt-up shift-right ctrl-delete shift-alt-ctrl-home shift-f1',
  );
  assert.equal(
    keys('\x1bO5C\x1bOa\x1b[a\x1b[5^\x1b[3@'),
    'ctrl-right ctrl-up shift-up ctrl-page-up shift-ctrl-delete',
  );
  assert.equal(keys('\x1b\x1b[A\x1b\x1bOD\x1b\x1b[a'), 'alt-up alt-left shift-alt-up');
  assert.equal(keys('\x1b[1;9A\x1b[97;9u'), '', 'a shortcut with Super is not ours');
});

test('keys that are sent by number', () => {
  assert.equal(
    keys('\x1b[13;3u\x1b[27;3;13~\x1b[13;2u\x1b[13;5u'),
    'alt-enter alt-enter shift-enter ctrl-enter',
  );
  assert.equal(keys('\x1b[97u\x1b[97;2u\x1b[97;5u\x1b[97;6u\x1b[27;5;105~'), 'a A ctrl-a ctrl-A ctrl-i');
  assert.equal(
    keys('\x1b[9;2u\x1b[27u\x1b[127;3u\x1b[32;5u\x1b[32u'),
    'shift-tab escape alt-backspace ctrl-space space= ',
  );
  assert.equal(keys('\x1b[97;1:3u\x1b[1;1:3A\x1b[57399u\x1b[55296u\x1b[99999999u'), '');
});

test('an Escape alone is a key when nothing follows for a moment', () => {
  const tokeniser = new Tokeniser();
  assert.deepEqual(tokeniser.feed(1_000, '\x1b'), []);
  assert.equal(tokeniser.nextDeadline(), 1_000 + ESCAPE_AFTER_MS);
  assert.deepEqual(tokeniser.tick(1_000 + ESCAPE_AFTER_MS - 1), []);
  assert.deepEqual(tokeniser.tick(1_000 + ESCAPE_AFTER_MS).map(told), ['escape']);
  assert.equal(tokeniser.nextDeadline(), undefined);
});

test('bytes after the time-out are not part of the sequence, also without a tick', () => {
  const tokeniser = new Tokeniser();
  tokeniser.feed(0, '\x1b');
  assert.deepEqual(tokeniser.feed(ESCAPE_AFTER_MS, '[A').map(told), ['escape', '[', 'A']);
});

test('Escapes in one chunk', () => {
  assert.equal(keys('\x1b\x1b'), 'escape escape');
  assert.equal(keys('\x1b\x1b\x1b'), 'escape escape escape');
  assert.equal(keys('\x1b\x1bq'), 'escape alt-q');
  assert.equal(keys('\x1b\x1b['), 'escape alt-[');
  assert.equal(keys('\x1b\x1b[200~x\x1b[201~'), 'escape paste:x');
});

test('a sequence that has begun may take its time, and is no key when it does not end', () => {
  const tokeniser = new Tokeniser();
  tokeniser.feed(0, '\x1b[1;');
  assert.equal(tokeniser.nextDeadline(), REST_OF_SEQUENCE_MS);
  assert.deepEqual(tokeniser.feed(300, '5D').map(told), ['ctrl-left']);
  tokeniser.feed(400, '\x1b[1;');
  assert.deepEqual(tokeniser.tick(400 + REST_OF_SEQUENCE_MS), []);
  assert.deepEqual(tokeniser.feed(2_000, 'x').map(told), ['x']);
});

test('answers of the terminal are no keys', () => {
  assert.equal(keys('\x1b[?62;22c\x1b[>0;276;0c\x1b[12;40Ra\x1b[?2026;2$y\x1b[8;24;80t'), 'a');
  assert.equal(
    keys('\x1b]11;rgb:0000/0000/0000\x1b\\a\x1b]11;rgb:1\x07b\x1bP1$r0m\x1b\\c\x1b_Gi=1;OK\x1b\\d'),
    '<dark> a b c d',
  );
  assert.equal(keys('\x1b]11;rgb:00', '00/0000\x1b', '\\a'), 'a');
  assert.equal(keys('\x1b]11;rgb:ff', 'ff/ff', 'ff/ee00\x1b', '\\a'), '<light> a', 'in pieces');
  assert.equal(
    keys('\x1b]11;rgba:f/f/f/8\x07\x1b[?997;1n\x1b[?997;2n\x1b[0n'),
    '<light> <dark> <light> <sign>',
  );
  assert.equal(keys('\x1b]11;no end\x1b[A'), 'up');
  assert.equal(keys('\x1b[99~\x1b[1;5Xa\x1bOz\x9b5nb'), 'a 5 n b');
});

test('a string without an end does not block the keys', () => {
  const tokeniser = new Tokeniser();
  tokeniser.feed(0, '\x1b]0;never');
  tokeniser.feed(REST_OF_SEQUENCE_MS - 1, 'ending');
  assert.deepEqual(tokeniser.feed(REST_OF_SEQUENCE_MS, 'q').map(told), ['q']);
});

test('a broken sequence swallows only itself', () => {
  assert.equal(keys('\x1b[1;\x1b[A'), 'up');
  assert.equal(keys('\x1b[12\x03'), 'ctrl-c');
  assert.equal(keys('\x1b[1$2;~a'), 'a');
  assert.equal(keys(`\x1b[${'1;'.repeat(5_000)}Aa`), 'a');
  assert.equal(keys(`\x1b[${'1;'.repeat(5_000)}`, '1;1;1;'), '');
});

test('the mouse', () => {
  assert.equal(
    keys('\x1b[<0;1;1M\x1b[<0;10;5m\x1b[<2;300;100M'),
    'press:left@0,0 release:left@9,4 press:right@299,99',
  );
  assert.equal(
    keys('\x1b[<64;3;4M\x1b[<65;3;4M\x1b[<68;3;4M'),
    'wheel-up:-@2,3 wheel-down:-@2,3 wheel-up:-@2,3',
  );
  assert.equal(keys('\x1b[<32;3;4M\x1b[<48;3;4M\x1b[<16;1;2M'), 'drag:left@2,3 drag:left@2,3 press:left@0,1');
  assert.equal(keys('\x1b[<35;3;4M\x1b[<66;3;4M\x1b[<128;3;4M\x1b[<0;0;4M\x1b[<0;99999999;4M\x1b[<0;4M'), '');
  assert.equal(keys('\x1b[M !!a'), 'a', 'the old report is swallowed with its three characters');
});

test('focus', () => assert.equal(keys('\x1b[I\x1b[O'), 'focus blur'));

test('a paste is text: nothing in it is a key', () => {
  assert.equal(keys('a\x1b[200~one\r\ntwo\rthree\nfour\x1b[201~b'), 'a paste:one\ntwo\nthree\nfour b');
  assert.equal(keys('\x1b[200~\x03q\x1b[31mred\x1b\x07\ttab\x9b\x1b[201~'), 'paste:q[31mred\ttab');
  assert.equal(keys('\x1b[200~\x1b[201~'), '');
  assert.equal(keys('\x1b[201~'), '', 'an end without a begin');
});

test('a paste that is too long is cut', () => {
  const [token] = tokensOf('\x1b[200~', ...Array<string>(150).fill('x'.repeat(1_000)), '\x1b[201~');
  assert.equal(token?.kind === 'paste' && token.text.length, MOST_PASTED_CHARACTERS);
});

test('a paste that lost its end is shown after a while, and the keys work again', () => {
  const tokeniser = new Tokeniser();
  assert.deepEqual(tokeniser.feed(0, '\x1b[200~half\x1b[20'), []);
  assert.deepEqual(tokeniser.feed(4_000, '1'), []);
  assert.equal(tokeniser.nextDeadline(), 4_000 + REST_OF_PASTE_MS);
  assert.deepEqual(tokeniser.tick(4_000 + REST_OF_PASTE_MS).map(told), ['paste:half[201']);
  assert.deepEqual(tokeniser.feed(10_000, 'q').map(told), ['q']);
});

/** Complete inputs from a terminal; what follows them does not change them. */
const sendings = [
  'a',
  '漢',
  '🎉',
  '\r',
  '\x7f',
  '\x1bz',
  '\x1b\r',
  '\x1b[A',
  '\x1bOB',
  '\x1b[1;5D',
  '\x1b[13;3u',
  '\x1b[27;3;13~',
  '\x1b[<0;10;20M',
  '\x1b[<65;10;20M',
  '\x1b[I',
  '\x1b[200~a\r\nb\x1b[A🎉\x1b[201~',
  '\x1b[?1;2c',
  '\x1b]11;rgb:0/0/0\x1b\\',
  '\x1b\x1b[A',
];

test('any cut into chunks gives the same tokens', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...sendings), { maxLength: 12 }),
      fc.array(fc.nat({ max: 60 }), { maxLength: 10 }),
      (sent, cuts) => {
        const text = sent.join('');
        const places = [
          0,
          ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b),
          text.length,
        ];
        const chunks = places.slice(1).map((end, index) => text.slice(places[index], end));
        assert.deepEqual(
          tokensOf(...chunks),
          sent.flatMap((one) => tokensOf(one)),
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

test('of any input: it always ends, remembers no deadline for ever, and reads keys again after a silence', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...sendings,
      '\x1b',
      '\x1b[',
      '\x1b]',
      '\x1bP',
      '\x1b[200~',
      '\x1b[201~',
      '\x1b[<',
      '\ud83d',
      '\x9b',
      ';5',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(piece, fc.nat({ max: 700 })), { maxLength: 20 }), (pieces) => {
      const tokeniser = new Tokeniser();
      let now = 0;
      for (const [chunk, pauseMs] of pieces) {
        now += pauseMs;
        for (const token of tokeniser.feed(now, chunk))
          if (token.kind === 'paste') assert.doesNotMatch(token.text, /(?![\n\t])\p{Cc}/u);
        const deadline = tokeniser.nextDeadline();
        if (deadline !== undefined) assert.ok(deadline > now && deadline <= now + REST_OF_PASTE_MS);
      }
      tokeniser.tick(now + REST_OF_PASTE_MS);
      assert.equal(tokeniser.nextDeadline(), undefined);
      assert.deepEqual(tokeniser.feed(now + REST_OF_PASTE_MS, 'q').map(told), ['q']);
    }),
    { numRuns: 2_000 },
  );
});
