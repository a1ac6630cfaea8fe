/**
 * The document around the regions. It has everything that it needs, and forbids the browser to load from
 * anywhere else.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { keymapFor } from '@dualping/terminal';
import { element, escaped } from '../page/markup.js';
import { PRESSED } from './presses.js';
import type { Regions } from './regions.js';
import { LIVE_STYLE } from './style.js';

/** The compiled script, without the lines that only debuggers need. */
const SCRIPT = readFileSync(new URL('./browser/page-script.js', import.meta.url), 'utf8').replace(
  /^\/\/# sourceMappingURL=.*$/m,
  '',
);
/** The icon: two servers, one of them down. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Ccircle cx='10' cy='16' r='8' fill='%2300785a'/%3E%3Ccircle cx='23' cy='16' r='6.5' fill='none' stroke='%23d55e00' stroke-width='3'/%3E%3C/svg%3E";

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(LIVE_STYLE)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function documentOf(regions: Regions): string {
  const { top, counts, members, takeovers, last, events, actions, notice, end } = regions;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dualping demo</title>
<link rel="icon" href="${ICON}">
<style>${LIVE_STYLE}</style>
</head>
<body data-keys="${escaped(PRESSED.join(''))}">
<header id="top">${top}</header>
<div id="end" role="status">${end}</div>
<p class="away" role="status">No connection to the demo: trying again …</p>
<main>
<dl id="counts" aria-label="what the people counted">${counts}</dl>
<section id="members" aria-label="servers and the router">${members}</section>
<section id="takeovers" class="panel" aria-label="takeovers">${takeovers}</section>
<div class="beside">
<section id="last" class="panel" aria-label="the last takeover">${last}</section>
<section class="panel events" aria-label="events"><h2>Events</h2>
<ol id="events" tabindex="0" aria-label="the newest first">${events}</ol></section>
</div>
</main>
<footer>
<div id="actions" class="act">${actions}</div>
<p class="watching">You are watching. The buttons are on the screen of whoever started the demo.</p>
<button type="button" class="help" aria-haspopup="dialog"><kbd aria-hidden="true">?</kbd>what is this</button>
</footer>
<div class="notices"><div id="notice" role="status">${notice}</div><div id="refusal" role="status"></div></div>
<dialog aria-labelledby="help-title">${help()}</dialog>
<script type="module">${SCRIPT}</script>
</body>
</html>
`;
}

function help(): string {
  const parts = [
    [
      'Cards',
      'the servers, and the router that decides which of them is primary. Every post goes to the primary.',
    ],
    ['Trace', 'a bar each second: how long the server had been silent. A flat line: it is not live.'],
    ['Lag', 'posts that everybody may see and that this server has not on its disk yet.'],
    ['Bars', 'takeovers, each from the fault to everybody being served again, in its four parts.'],
    ['0 lost', 'what the simulated people count, each for itself: every post has a number.'],
  ] as const;
  const keys = keymapFor(true)
    .filter(({ keys }) => keys.some((key) => PRESSED.includes(key)))
    .map(({ keys, help }) => {
      const shown = keys.filter((key) => PRESSED.includes(key)).map((key) => element('kbd', {}, key));
      return element('dt', {}, shown.join(' ')) + element('dd', {}, escaped(help));
    });
  const list = parts.map(([name, text]) => element('dt', {}, name) + element('dd', {}, text)).join('');
  return `<h2 id="help-title">What is this</h2>
<p>A network with people on it whose servers are killed, frozen and cut off. Nothing is played: the servers are processes.</p>
<div class="columns"><dl>${list}</dl>
<dl class="act" aria-label="keys">${keys.join('')}</dl></div>
<form method="dialog"><button autofocus>Close</button></form>`;
}
