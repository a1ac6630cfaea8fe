/** Markup as text; all values are escaped. */

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? '');

export type Attributes = Readonly<Record<string, string | number>>;

/** Tenths of a unit are finer than a screen can show. */
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

/** Width in units: for a page on a screen or on paper, and for one on a telephone. */
const WIDTHS = { wide: 1_040, narrow: 380 };

/**
 * A plot drawn in both widths; the style sheet shows one of them. So no reader has to scroll sideways, and
 * letters stay readable.
 */
export const plot = (draw: (width: number) => string, widths = WIDTHS): string =>
  Object.entries(widths)
    .map(([name, width]) => element('div', { class: name }, draw(width)))
    .join('');

/** A picture that grows with the page, with a label for readers who can't see it. */
export function picture(width: number, height: number, label: string, inner: string): string {
  return element('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label }, inner);
}

/** A picture without letters or circles, which fills any place. */
export function stretched(width: number, height: number, label: string, inner: string): string {
  const place = { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none' };
  return element('svg', { ...place, role: 'img', 'aria-label': label }, inner);
}
