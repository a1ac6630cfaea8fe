export { ClientFile, type ClientFileOptions } from './client-file.js';
export { type Folders, foldersFor } from './folders.js';
