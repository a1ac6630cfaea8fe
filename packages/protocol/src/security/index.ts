export { Access, type AccessListener, type Called } from './access.js';
export { forwardedMetadata, isForwarded } from './forwarding.js';
export * from './identity.js';
export {
  type Dialled,
  type Dialling,
  type Judgement,
  NetworkCredentials,
  PLAINTEXT,
} from './network-credentials.js';
export { type Caller, RULES, WATCH_OF_ALL } from './roles.js';
