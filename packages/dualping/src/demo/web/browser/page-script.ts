/**
 * The script in the browser: replaces regions that have changed, and sends presses. It decides nothing.
 */

const KEPT_KEY = 'dualping-demo-key';
/** How long a problem is shown, ms: as long as on the screen. */
const PROBLEM_FOR_MS = 6_000;

const byId = (id: string): HTMLElement | null => document.getElementById(id);

/** Takes the key from the fragment, and removes it: the address no longer shows it. */
function takeKey(): string | undefined {
  const given = location.hash.slice(1);
  if (given === '') return sessionStorage.getItem(KEPT_KEY) ?? undefined;
  history.replaceState(null, '', location.pathname);
  sessionStorage.setItem(KEPT_KEY, given);
  return given;
}

/**
 * Makes the children of `from` like those of `to`, and keeps equal ones, so that they keep the focus and
 * animate.
 */
function morph(from: Element, to: Element): void {
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes)
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  morphChildren(from, to);
}

const itemOf = (node: Node | null): string | undefined =>
  node instanceof Element ? (node.getAttribute('data-item') ?? undefined) : undefined;

function morphChildren(from: Element, to: Element): void {
  const items = new Map([...from.children].map((child) => [itemOf(child), child]));
  let at: ChildNode | null = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const item = itemOf(wanted);
    const same = item === undefined ? at : (items.get(item) ?? null);
    const fits = same !== null && same.nodeName === wanted.nodeName && itemOf(same) === item;
    if (!fits) {
      from.insertBefore(document.importNode(wanted, true), at);
      continue;
    }
    if (same === at) at = same.nextSibling;
    else from.insertBefore(same, at);
    if (same instanceof Element && wanted instanceof Element) morph(same, wanted);
    else if (same.nodeValue !== wanted.nodeValue) same.nodeValue = wanted.nodeValue;
  }
  while (at !== null) {
    const next: ChildNode | null = at.nextSibling;
    at.remove();
    at = next;
  }
}

function show(regions: Readonly<Record<string, string>>): void {
  const parser = new DOMParser();
  for (const [id, markup] of Object.entries(regions)) {
    const place = byId(id);
    if (place !== null) morphChildren(place, parser.parseFromString(markup, 'text/html').body);
  }
}

function watch(): void {
  const source = new EventSource('/live');
  source.addEventListener('open', () => document.body.classList.remove('is-away'));
  source.addEventListener('message', ({ data }) => show(JSON.parse(String(data))));
  source.addEventListener('error', () => document.body.classList.add('is-away'));
  source.addEventListener('ended', () => {
    source.close();
    document.body.classList.remove('is-away');
    document.body.classList.add('is-over');
  });
}

let noticeTimer: number | undefined;

/** Shows why a press was refused, in an element that the stream does not change. */
function say(text: string): void {
  const line = document.createElement('p');
  line.className = 'problem';
  line.textContent = text;
  byId('refusal')?.replaceChildren(line);
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => line.remove(), PROBLEM_FOR_MS);
}

async function send(key: string, body: { press?: string; victim?: string }): Promise<boolean> {
  try {
    const response = await fetch('/act', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) say((await response.text()).trim());
    return response.ok;
  } catch {
    say('the demo cannot be reached');
    return false;
  }
}

/** Enables buttons and keys, once the server has confirmed the key. */
async function control(key: string): Promise<void> {
  if (!(await send(key, {}))) return sessionStorage.removeItem(KEPT_KEY);
  document.body.classList.add('has-control');
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('button[data-press]') : null;
    const { press, victim } = button?.dataset ?? {};
    if (press !== undefined) void send(key, { press, ...(victim === undefined ? {} : { victim }) });
  });
  const keys = document.body.dataset.keys ?? '';
  document.addEventListener('keydown', (event) => {
    const { key: press, ctrlKey, altKey, metaKey, repeat } = event;
    if (ctrlKey || altKey || metaKey || repeat || helpDialog()?.open) return;
    if (press.length === 1 && keys.includes(press)) void send(key, { press });
  });
}

const helpDialog = (): HTMLDialogElement | null => document.querySelector('dialog');

function offerHelp(): void {
  const open = (): void => helpDialog()?.showModal();
  document.querySelector('button.help')?.addEventListener('click', open);
  document.addEventListener('keydown', ({ key, ctrlKey, altKey, metaKey }) => {
    if (key === '?' && !(ctrlKey || altKey || metaKey) && helpDialog()?.open === false) open();
  });
}

watch();
offerHelp();
const key = takeKey();
if (key !== undefined) void control(key);

export {};
