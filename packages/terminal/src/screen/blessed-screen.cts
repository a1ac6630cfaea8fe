/**
 * Loads blessed when it is called, and not before: blessed reads the environment while it loads. In CommonJS,
 * where that is possible in one turn, and where a bundler sees what is loaded.
 */

/** Only its screen: the widgets, which are not used, would double the loading time. */
const load = (): unknown => require('blessed/lib/widgets/screen.js');

export = { load };
