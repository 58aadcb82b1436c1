import type { plugin } from '@parley/wire';
import type { StoreItem } from '../state.js';

const encoder = new TextEncoder();

/** On the wire a store belongs to a "plugin", which is always the meeting (protocol.md 13). */
export function storeResponse(
  meetingId: string,
  storeName: string,
  items: Iterable<StoreItem>,
): plugin.PluginStoreResponse {
  return { pluginId: meetingId, storeName, storeItems: [...items].map(storeItem) };
}

function storeItem(item: StoreItem): plugin.PluginStoreItem {
  return {
    timestamp: String(item.at),
    peerId: item.peerId,
    storeKey: item.key,
    payload: encoder.encode(item.payload),
  };
}
