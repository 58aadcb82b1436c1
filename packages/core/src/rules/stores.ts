import type { Command } from '../commands.js';
import { accept, type Decision, memberOf, refuse } from '../decision.js';
import {
  STORE_KEY_MAX_CHARACTERS,
  STORE_KEYS_MAX,
  STORE_NAME_MAX_CHARACTERS,
  STORE_VALUE_MAX_CHARACTERS,
  STORES_MAX,
  STORES_MAX_BYTES,
} from '../limits.js';
import { bytesOf, type MeetingState, type Session, type StoreItem, type Timestamp } from '../state.js';
import { isJson, isStorable } from '../text.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

export function setStoreItems(state: MeetingState, command: Of<'SetStoreItems'>, now: Timestamp): Decision {
  const member = memberOf(state, command.by);
  if (!member) return refuse('not_joined');
  if (!isName(command.store, STORE_NAME_MAX_CHARACTERS)) return refuse('store_invalid');
  if (!command.items.every(isValidItem)) return refuse('store_invalid');
  if (!hasRoomFor(member.session, command)) return refuse('store_full');
  const items: StoreItem[] = command.items.map((item) => ({ ...item, peerId: command.by, at: now }));
  return items.length > 0
    ? accept({ type: 'StoreItemsSet', at: now, store: command.store, items })
    : accept();
}

export function deleteStoreItems(
  state: MeetingState,
  command: Of<'DeleteStoreItems'>,
  now: Timestamp,
): Decision {
  const member = memberOf(state, command.by);
  if (!member) return refuse('not_joined');
  const store = member.session.stores.get(command.store);
  const keys = [...new Set(command.keys)].filter((key) => store?.has(key));
  if (keys.length === 0) return accept();
  return accept({ type: 'StoreItemsDeleted', at: now, store: command.store, keys, peerId: command.by });
}

/** Judged without building the new store: an item takes the place of what its key holds, and of no more. */
function hasRoomFor(session: Session, command: Of<'SetStoreItems'>): boolean {
  const store = session.stores.get(command.store);
  if (!store && session.stores.size >= STORES_MAX) return false;
  const latest = new Map(command.items.map((item) => [item.key, item]));
  let keys = store?.size ?? 0;
  let bytes = session.storeBytes;
  for (const item of latest.values()) {
    const old = store?.get(item.key);
    if (!old) keys++;
    bytes += bytesOf(item) - (old ? bytesOf(old) : 0);
  }
  return keys <= STORE_KEYS_MAX && bytes <= STORES_MAX_BYTES;
}

function isName(text: string, maxCharacters: number): boolean {
  return text !== '' && text.length <= maxCharacters && isStorable(text);
}

/** Other clients parse the value as JSON, so what is not JSON must not reach them. */
function isValidItem({ key, payload }: { key: string; payload: string }): boolean {
  if (!isName(key, STORE_KEY_MAX_CHARACTERS) || payload.length > STORE_VALUE_MAX_CHARACTERS) return false;
  return payload === '' || (isStorable(payload) && isJson(payload));
}
