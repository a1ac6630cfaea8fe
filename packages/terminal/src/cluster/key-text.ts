/** The keys of the cluster view as people read them. */
import { keyText } from '../view/keys.js';
import { CLUSTER_KEYMAP, type ClusterAction } from './keymap.js';

/** The key that is shown for an action. */
export function clusterKeyOf(action: ClusterAction): string {
  const key = CLUSTER_KEYMAP.find((binding) => binding.action === action)?.keys[0];
  return key === undefined ? '' : keyText(key);
}
