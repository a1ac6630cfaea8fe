/** Texts of the screen for other views of the same state. */

export { countText } from '../view/counts.js';
export type { Role, Row, Span } from '../view/row.js';
export { BARS, beatSpans } from './beats.js';
export { looksOf } from './event-rows.js';
export { labelNow } from './footer.js';
export { healthOf } from './header.js';
export { type ClusterBinding, keymapFor } from './keymap.js';
export {
  type ClusterViewState,
  openCluster,
  routerSilentMs,
  sameVictim,
  victimKey,
  victimName,
  victimsOf,
} from './state.js';
export { type CellOf, cellsOf } from './table.js';
export { storyOf, tookText } from './takeover-rows.js';
export { chartTopMs, LEAST_FOR_P95, takeoverFigures, takeoversHere } from './takeovers.js';
export { durationText, millisecondText, numberText, secondText } from './times.js';
