export { Access, type AccessListener, type Called } from './access.js';
export { ClassicSources } from './classic-sources.js';
export {
  ConnectionGate,
  type ConnectionLimits,
  DEFAULT_CONNECTION_LIMITS,
  parseConnectionLimits,
} from './connection-gate.js';
export { forwardedMetadata, isForwarded } from './forwarding.js';
export * from './identity.js';
export {
  type Dialled,
  type Dialling,
  type Judgement,
  NetworkCredentials,
  NOT_A_ROUTER,
  PEM_BLOCK,
  PLAINTEXT,
} from './network-credentials.js';
export { type Caller, RULES, WATCH_OF_ALL } from './roles.js';
export {
  authorityHash,
  checkTime,
  DeviceKey,
  keyDigits,
  shortKey,
  TOKEN_KEY,
  TOKEN_MS,
  TOKEN_RENEWAL_MS,
  type TokenClaims,
  TokenJudge,
} from './user-token.js';
