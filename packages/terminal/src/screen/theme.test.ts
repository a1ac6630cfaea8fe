import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Theme } from '../state/state.js';
import type { Role, Span } from '../view/row.js';
import { backgroundOf, flagsOf, foregroundOf, looksOf, OWN_COLOUR, themeFrom } from './theme.js';

const ROLES: readonly Role[] = [
  ...(['text', 'dim', 'frame', 'title', 'author', 'self', 'mention'] as const),
  ...(['found', 'unread', 'good', 'warning', 'problem', 'key'] as const),
];

type Colour = readonly [red: number, green: number, blue: number];

/** The darkest and the lightest background of each theme. */
const BACKGROUNDS: Record<'dark' | 'light', readonly Colour[]> = {
  dark: [
    [0, 0, 0],
    [40, 42, 54],
  ],
  light: [
    [255, 255, 255],
    [253, 246, 227],
  ],
};
/** The worst colour of a terminal's own text. */
const OWN_TEXT: Record<'dark' | 'light', Colour> = { dark: [190, 190, 190], light: [80, 90, 95] };
/** WCAG, level AA. */
const READABLE = 4.5;

function colourOf(index: number): Colour {
  assert.ok(index >= 16 && index <= 255, `${index} is not of the fixed colours`);
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return [grey, grey, grey];
  }
  const level = (steps: number): number => (steps === 0 ? 0 : 55 + steps * 40);
  const cube = index - 16;
  return [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)];
}

function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

function contrast(a: Colour, b: Colour): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

for (const theme of ['dark', 'light'] as const)
  test(`in the ${theme} theme everything can be read, selected or not`, () => {
    const looks = looksOf(theme);
    for (const role of ROLES)
      for (const selected of [false, true]) {
        const attribute = looks.attributeOf({ text: 'x', role, selected });
        const foreground =
          foregroundOf(attribute) === OWN_COLOUR ? OWN_TEXT[theme] : colourOf(foregroundOf(attribute));
        const backgrounds =
          backgroundOf(attribute) === OWN_COLOUR ? BACKGROUNDS[theme] : [colourOf(backgroundOf(attribute))];
        for (const background of backgrounds) {
          const found = contrast(foreground, background);
          assert.ok(
            found >= READABLE,
            `${role}${selected ? ' selected' : ''} on ${background}: ${found.toFixed(2)}`,
          );
        }
      }
  });

/**
 * How a colour-blind person (a dichromat) sees a colour: after Viénot, Brettel and Mollon 1999, on linear
 * light.
 */
function seenWithout(cone: 'red' | 'green', colour: Colour): Colour {
  const [red, green, blue] = colour;
  const mixed = cone === 'red' ? 0.11 * red + 0.89 * green : 0.29 * red + 0.71 * green;
  return [mixed, mixed, blue];
}

for (const theme of ['dark', 'light'] as const)
  test(`in the ${theme} theme good, warning and problem stay apart without red or green`, () => {
    const looks = looksOf(theme);
    const of = (role: Role): Colour => colourOf(foregroundOf(looks.attributeOf({ text: 'x', role })));
    for (const cone of ['red', 'green'] as const)
      for (const [one, other] of [
        ['good', 'warning'],
        ['good', 'problem'],
      ] as const) {
        const a = seenWithout(cone, of(one));
        const b = seenWithout(cone, of(other));
        const distance = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
        assert.ok(distance > 80, `${one} and ${other} without ${cone}: ${distance.toFixed(0)}`);
      }
  });

test('without colours bold, underline and reverse are all there is', () => {
  const looks = looksOf('plain');
  for (const role of ROLES)
    for (const selected of [false, true]) {
      const attribute = looks.attributeOf({ text: 'x', role, selected, bold: true, underline: true });
      assert.equal(foregroundOf(attribute), OWN_COLOUR);
      assert.equal(backgroundOf(attribute), OWN_COLOUR);
    }
  const plain: Span = { text: 'x', role: 'text' };
  assert.notEqual(looks.attributeOf(plain), looks.attributeOf({ ...plain, selected: true }));
  const found: Span = { text: 'x', role: 'found' };
  assert.notEqual(
    looks.attributeOf({ ...found, selected: true }),
    looks.attributeOf({ ...plain, selected: true }),
    'what was found is seen within what is selected',
  );
});

test('a span may be bold and underlined in any role', () => {
  for (const theme of ['dark', 'light', 'plain'] satisfies Theme[]) {
    const attribute = looksOf(theme).attributeOf({ text: 'x', role: 'text', bold: true, underline: true });
    assert.equal(flagsOf(attribute) & 3, 3);
  }
});

test('the environment variables choose the theme', () => {
  assert.equal(themeFrom({}), 'dark');
  assert.equal(themeFrom({ NO_COLOR: '' }), 'dark');
  assert.equal(themeFrom({ NO_COLOR: '1', COLORFGBG: '0;15' }), 'plain');
  assert.equal(themeFrom({ COLORFGBG: '0;15' }), 'light');
  assert.equal(themeFrom({ COLORFGBG: '0;default;15' }), 'light');
  assert.equal(themeFrom({ COLORFGBG: '15;0' }), 'dark');
});
