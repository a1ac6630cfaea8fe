/** Markup as text; what comes from elsewhere is escaped. */

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? '');

export type Attributes = Readonly<Record<string, string | number>>;

/** Tenths of a unit are finer than a screen. */
const shown = (value: string | number): string =>
  typeof value === 'number' ? String(Math.round(value * 10) / 10) : escaped(value);

/** @param inner markup, not text */
export function element(name: string, attributes: Attributes, inner = ''): string {
  const list = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${shown(value)}"`)
    .join('');
  return `<${name}${list}>${inner}</${name}>`;
}

export const svgText = (x: number, y: number, text: string, attributes: Attributes = {}): string =>
  element('text', { x, y, ...attributes }, escaped(text));

/** Units across: for a page on a screen or on paper, and for one on a telephone. */
const WIDTHS = { wide: 1_040, narrow: 380 };

/**
 * A plot drawn for either; the style sheet shows one of them. So nothing has to be scrolled sideways, and
 * letters stay readable.
 */
export const plot = (draw: (width: number) => string, widths = WIDTHS): string =>
  Object.entries(widths)
    .map(([name, width]) => element('div', { class: name }, draw(width)))
    .join('');

/** A picture that grows with the page, and says to those who can't see it what it shows. */
export function picture(width: number, height: number, label: string, inner: string): string {
  return element('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label }, inner);
}

/** One without letters or circles, which takes whatever place it is given. */
export function stretched(width: number, height: number, label: string, inner: string): string {
  const place = { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none' };
  return element('svg', { ...place, role: 'img', 'aria-label': label }, inner);
}
