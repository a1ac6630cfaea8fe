/**
 * Reports when the disk of the router has little room. The router itself writes little and goes on; but a
 * full disk ends it, whatever has filled the disk.
 */
import { diskSpaceText } from '@dualping/core';
import { DiskRoomWatch, type Report, spaceOf } from '@dualping/host';
import type { ParsedOptions } from './options.js';
import type { Watchers } from './watchers.js';

/** Begun. @param look another one in tests */
export function watchDiskRoom(
  { dataFolder, minDiskFree }: Pick<ParsedOptions, 'dataFolder' | 'minDiskFree'>,
  report: Report,
  watchers: Pick<Watchers, 'diskLow'>,
  look: typeof spaceOf = spaceOf,
): DiskRoomWatch {
  const watch = new DiskRoomWatch(dataFolder, minDiskFree, {
    look,
    changed: (space, isLow) => {
      const text = diskSpaceText(space);
      report({ part: 'router', event: isLow ? 'disk-low' : 'disk-has-room', text });
      watchers.diskLow(isLow ? text : '');
    },
  });
  watch.start();
  return watch;
}
