import { answers, type Command } from '@parley/core';
import { StoreEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { Meeting, START } from '../support/meeting.js';
import { guest } from '../support/presets.js';

function room(): Meeting {
  const meeting = new Meeting();
  for (const peerId of ['anna', 'ben']) meeting.join(peerId);
  return meeting;
}

const set = (by: string, items: Record<string, string>, store = 'board'): Command => ({
  type: 'SetStoreItems',
  by,
  store,
  items: Object.entries(items).map(([key, payload]) => ({ key, payload })),
});
const remove = (by: string, keys: string[], store = 'board'): Command => ({
  type: 'DeleteStoreItems',
  by,
  store,
  keys,
});
const items = (meeting: Meeting, keys: string[] = [], storeName = 'board') =>
  answers
    .storeItems(meeting.state, {
      pluginId: 'meeting',
      storeName,
      getKeys: keys.map((storeKey) => ({ storeKey })),
    })
    .storeItems.map((item) => [item.storeKey, new TextDecoder().decode(item.payload)]);

describe('setting', () => {
  it('is told to everybody with the writer, who ignores his own (T01, T04)', () => {
    const told = room().do(set('anna', { a: '1', b: '{"x":[1]}' }));
    expect(told.receivers(StoreEvent.storeInsertKeys)).toEqual(['anna', 'ben']);
    expect(told.to('anna')).toEqual(['store.storeInsertKeys!']);
    const message = told.message(StoreEvent.storeInsertKeys);
    expect(message).toMatchObject({ pluginId: 'meeting', storeName: 'board' });
    expect(message.storeItems[0]).toEqual({
      timestamp: String(START),
      peerId: 'anna',
      storeKey: 'a',
      payload: new TextEncoder().encode('1'),
    });
  });

  it('overwrites, and keeps the order of the keys (T02)', () => {
    const meeting = room();
    meeting.do(set('anna', { a: '1', b: '2' }));
    meeting.do(set('ben', { a: '3' }));
    expect(items(meeting)).toEqual([
      ['a', '3'],
      ['b', '2'],
    ]);
  });

  it.each(['"text"', '1.5', '{"a":1}', '["a"]', 'null', 'true', ''])(
    'takes the value %s (T03)',
    (payload) => {
      const meeting = room();
      meeting.do(set('anna', { key: payload }));
      expect(items(meeting)).toEqual([['key', payload]]);
    },
  );

  it('treats the store of the plugins like any other, and keys with colons (S01, U02)', () => {
    const meeting = room();
    const key = 'meeting:whiteboard';
    const told = meeting.do(set('anna', { [key]: '{"enabledBy":"anna"}' }, '__rtk_plugins__'));
    expect(told.to('ben')).toEqual(['store.storeInsertKeys!']);
    expect(items(meeting, [], '__rtk_plugins__')).toEqual([[key, '{"enabledBy":"anna"}']]);
  });

  it.each([
    ['a store without a name', '', 'key', '1'],
    ['a name over the limit', 'x'.repeat(257), 'key', '1'],
    ['a name that cannot be kept', 'a\0b', 'key', '1'],
    ['a key without a name', 'board', '', '1'],
    ['a key over the limit', 'board', 'x'.repeat(513), '1'],
    ['a key that cannot be kept', 'board', 'a\0b', '1'],
    ['a value that is no JSON', 'board', 'key', '{'],
    ['a value that cannot be kept', 'board', 'key', '"\ud83d"'],
    ['a value over the limit', 'board', 'key', JSON.stringify('x'.repeat(70_000))],
  ])('refuses %s', (_, store, key, payload) => {
    expect(room().refusalOf(set('anna', { [key]: payload }, store))).toBe('store_invalid');
  });

  it('is for joined peers alone (E10)', () => {
    const meeting = room();
    meeting.join('wendy', guest({ waiting_room_type: 'SKIP_ON_ACCEPT' }));
    for (const by of ['wendy', 'stranger']) {
      expect(meeting.refusalOf(set(by, { a: '1' }))).toBe('not_joined');
      expect(meeting.refusalOf(remove(by, ['a']))).toBe('not_joined');
    }
  });

  it('of nothing changes nothing', () => {
    expect(room().eventsOf(set('anna', {}))).toEqual([]);
  });
});

describe('deleting', () => {
  it('is told to everybody by key (T02)', () => {
    const meeting = room();
    meeting.do(set('anna', { a: '1', b: '2' }));
    const told = meeting.do(remove('ben', ['a', 'a', 'none']));
    expect(told.receivers(StoreEvent.storeDeleteKeys)).toEqual(['anna', 'ben']);
    const { storeItems } = told.message(StoreEvent.storeDeleteKeys);
    expect(storeItems.map((item) => [item.storeKey, item.peerId])).toEqual([['a', 'ben']]);
    expect(items(meeting)).toEqual([['b', '2']]);
  });

  it('of what is not there changes nothing', () => {
    const meeting = room();
    expect(meeting.eventsOf(remove('anna', ['a']))).toEqual([]);
    expect(meeting.eventsOf(remove('anna', ['a'], 'nothing'))).toEqual([]);
  });

  it('of the last key frees the store, or empty ones would use up the places', () => {
    const meeting = room();
    for (let i = 0; i < 300; i++) {
      meeting.do(set('anna', { a: '1' }, `store-${i}`));
      meeting.do(remove('anna', ['a'], `store-${i}`));
    }
    expect(meeting.session.stores.size).toBe(0);
    expect(meeting.session.storeBytes).toBe(0);
  });
});

describe('reading', () => {
  it('gives all, or the keys asked for (S07)', () => {
    const meeting = room();
    meeting.do(set('anna', { a: '1', b: '2' }));
    expect(items(meeting)).toHaveLength(2);
    expect(items(meeting, ['b', 'none'])).toEqual([['b', '2']]);
  });

  it('is answered without a session and for unknown stores: init waits for it (pitfall 4)', () => {
    const query = { pluginId: 'meeting', storeName: '__rtk_plugins__', getKeys: [] };
    const expected = { pluginId: 'meeting', storeName: '__rtk_plugins__', storeItems: [] };
    expect(answers.storeItems(new Meeting().state, query)).toEqual(expected);
    expect(answers.storeItems(room().state, query)).toEqual(expected);
  });

  it('finds everything again after leaving and joining, as long as the session lasts (T06)', () => {
    const meeting = room();
    meeting.do(set('anna', { a: '1' }));
    meeting.leave('anna');
    meeting.leave('ben');
    meeting.join('anna');
    expect(items(meeting)).toEqual([['a', '1']]);
  });
});

describe('bounds', () => {
  const value = JSON.stringify('x'.repeat(65_000));

  it('hold for the number of stores and of keys', () => {
    const meeting = room();
    for (let i = 0; i < 100; i++) meeting.do(set('anna', { a: '1' }, `store-${i}`));
    expect(meeting.refusalOf(set('anna', { a: '1' }, 'one-more'))).toBe('store_full');
    const many = Object.fromEntries(Array.from({ length: 4999 }, (_, i) => [`k${i}`, '1']));
    meeting.do(set('anna', many, 'store-1'));
    expect(meeting.refusalOf(set('anna', { more: '1' }, 'store-1'))).toBe('store_full');
    expect(meeting.refusalOf(set('anna', { k7: '2' }, 'store-1'))).toBeNull();
  });

  it('hold for the bytes of all together, so that a store fits into one frame', () => {
    const meeting = room();
    let count = 0;
    while (meeting.refusalOf(set('anna', { [`k${count}`]: value })) === null) {
      meeting.do(set('anna', { [`k${count}`]: value }));
      count++;
    }
    expect(meeting.refusalOf(set('anna', { more: value }))).toBe('store_full');
    expect(meeting.session.storeBytes).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(meeting.session.storeBytes).toBeGreaterThan(7.9 * 1024 * 1024);
    // What is there may be written again, since it takes the place of itself.
    expect(meeting.refusalOf(set('anna', { k0: value }))).toBeNull();
    meeting.do(remove('anna', ['k0']));
    expect(meeting.refusalOf(set('anna', { more: value }))).toBeNull();
  });

  it('count bytes and not characters, keys included', () => {
    const meeting = room();
    meeting.do(set('anna', { ключ: '"жук"' }));
    expect(meeting.session.storeBytes).toBe(8 + 8);
  });
});
