export type { Issued } from './certificate-records.js';
export * from './certificates.js';
export { AUTHORITY_FILE, fileOf, NETWORK_FILE, nameOf, partNamed } from './layout.js';
export * from './watched-credentials.js';
