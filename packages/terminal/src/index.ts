export { type ClientOptions, runClient } from './app/run-client.js';
export { NoScreen } from './screen/abilities.js';
