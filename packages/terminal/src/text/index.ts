export { cleanInput, cleanText, MOST_MARKS, showable, UNSHOWABLE } from './clean.js';
export { cellWidth, graphemeEnd, graphemeStart, graphemes, textWidth } from './graphemes.js';
export { cut, ELLIPSIS, fit, wrap } from './wrap.js';
