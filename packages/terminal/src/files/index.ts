export { type Folders, foldersFor } from '@dualping/host';
export { ClientFile, type ClientFileOptions } from './client-file.js';
