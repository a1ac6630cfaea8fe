/** A file system whose operations are timed: long ones are reported to the operator. */
import type { DiskTimer, FileOperations, OpenFile } from '@dualping/host';

export function timedFiles(files: FileOperations, disk: DiskTimer): FileOperations {
  const time = <T>(doing: string, path: string, work: () => Promise<T>): Promise<T> =>
    disk.time(`${doing} ${path}`, 'slowness', work);
  const timed = (file: OpenFile): OpenFile => ({
    path: file.path,
    size: () => file.size(),
    read: (into, offset) => file.read(into, offset),
    write: (bytes, offset) => time('writing', file.path, () => file.write(bytes, offset)),
    truncate: (size) => time('truncating', file.path, () => file.truncate(size)),
    sync: () => time('syncing', file.path, () => file.sync()),
    close: () => file.close(),
  });
  return {
    makeFolder: (path) => time('making', path, () => files.makeFolder(path)),
    list: (path) => time('listing', path, () => files.list(path)),
    open: (path) => timed(files.open(path)),
    openSynced: (path) => {
      const file = files.openSynced(path);
      return {
        path,
        write: (bytes, offset) => file.write(bytes, offset), // `DiskWriter` times each
        truncate: (size) => time('truncating', path, () => file.truncate(size)),
        close: () => file.close(),
      };
    },
    hold: (path) => {
      const place = files.hold(path);
      const isThere = () => time('looking at', path, () => place.isThere());
      return { path, isThere, close: () => place.close() };
    },
    create: async (path, mode) => timed(await time('making', path, () => files.create(path, mode))),
    rename: (from, to) => time('renaming', from, () => files.rename(from, to)),
    remove: (path) => time('removing', path, () => files.remove(path)),
    syncFolder: (path) => time('syncing', path, () => files.syncFolder(path)),
  };
}
