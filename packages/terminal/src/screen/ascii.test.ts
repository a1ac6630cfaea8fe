import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asciiOf, charactersFrom } from './ascii.js';
import { paintRow } from './cells.js';
import { looksOf } from './theme.js';

test('the locale decides which characters can be used', () => {
  assert.equal(charactersFrom({ LANG: 'de_DE.UTF-8' }), 'unicode');
  assert.equal(charactersFrom({ LANG: 'C.utf8' }), 'unicode');
  assert.equal(charactersFrom({ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }), 'ascii');
  assert.equal(charactersFrom({ LANG: 'POSIX', LC_CTYPE: 'en_GB.UTF-8' }), 'unicode');
  assert.equal(charactersFrom({ LANG: 'de_DE.ISO-8859-1' }), 'ascii');
  assert.equal(charactersFrom({ LANG: '' }), 'unicode', 'a container has none set');
});

test('signs of different meanings stay different', () => {
  for (const signs of ['●○◐◌✓✗▌▸↑↓', '▁▂▃▄▅▆▇█·', '█▓▒░', '│─'])
    assert.equal(new Set([...signs].map(asciiOf)).size, signs.length, signs);
});

test('any text becomes ASCII of the same width', () => {
  const text = 'ñandú ● 山田 🎉 ½ שלום z̈ …';
  const cells = paintRow([{ text, role: 'text' }], 40, looksOf('plain'), {
    characters: 'ascii',
    links: false,
  });
  const shown = cells.map((cell) => cell.text).join('');
  assert.match(shown, /^[\x20-\x7e]+$/);
  assert.equal(shown.trimEnd(), 'nandu * ???? ?? ? ???? z .');
});
