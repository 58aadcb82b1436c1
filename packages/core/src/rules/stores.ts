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
import type { MeetingState, Session, StoreItem, Timestamp } from '../state.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

export function setStoreItems(state: MeetingState, command: Of<'SetStoreItems'>, now: Timestamp): Decision {
  const member = memberOf(state, command.by);
  if (!member) return refuse('not_joined');
  if (!isValidStoreName(command.store) || !command.items.every(isValidItem)) return refuse('store_invalid');
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
  const keys = command.keys.filter((key) => store?.has(key));
  if (keys.length === 0) return accept();
  return accept({ type: 'StoreItemsDeleted', at: now, store: command.store, keys, peerId: command.by });
}

function hasRoomFor(session: Session, command: Of<'SetStoreItems'>): boolean {
  const store = session.stores.get(command.store);
  if (!store && session.stores.size >= STORES_MAX) return false;
  const newKeys = new Set(command.items.map((item) => item.key).filter((key) => !store?.has(key)));
  if ((store?.size ?? 0) + newKeys.size > STORE_KEYS_MAX) return false;
  const added = command.items.reduce((bytes, item) => bytes + item.payload.length, 0);
  return session.storeBytes + added <= STORES_MAX_BYTES;
}

function isValidStoreName(name: string): boolean {
  return name !== '' && name.length <= STORE_NAME_MAX_CHARACTERS;
}

/** Other clients parse the value as JSON, so what is not JSON must not reach them. */
function isValidItem(item: { key: string; payload: string }): boolean {
  if (item.key === '' || item.key.length > STORE_KEY_MAX_CHARACTERS) return false;
  return item.payload.length <= STORE_VALUE_MAX_CHARACTERS && isJson(item.payload);
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
