import { StoreEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage, WITHOUT_DEVICES } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { serverIsBuilt } from '../../support/parley-process.js';
import { proves } from '../../support/proves.js';
import { until } from '../../support/until.js';

/** Runs in the page: the store's first use there, with all its changes noted. */
async function openStore(name: string): Promise<void> {
  const store = await window.meeting.stores.create(name);
  const changes: unknown[] = [];
  Object.assign(window, { store, changes });
  store.subscribe('*', (change) => changes.push(change));
}

declare global {
  interface Window {
    store: Awaited<ReturnType<typeof window.meeting.stores.create>>;
    changes: unknown[];
  }
}

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('stores with the official SDK', () => {
  let stage: Stage;
  let meeting: string;
  let mary: Person;
  let tom: Person;

  beforeAll(async () => {
    stage = await setUpStage();
    meeting = await stage.backend.newMeeting();
    [mary, tom] = await Promise.all([
      stage.enter(meeting, 'Mary', 'group_call_host', WITHOUT_DEVICES),
      stage.enter(meeting, 'Tom', 'group_call_participant', WITHOUT_DEVICES),
    ]);
    for (const person of [mary, tom]) {
      await person.run(openStore, 'board');
      // The limit of the SDK is not what these tests are about; the server's own is higher for that reason.
      await person.run(() => {
        window.store.updateRateLimits(1000, 1);
        window.store.updateBulkRateLimits(1000, 1);
      });
    }
  });
  afterAll(() => stage?.dispose());

  const holds = (person: Person, expected: object) =>
    until(`a store that holds ${JSON.stringify(expected)}`, async () => {
      const all = await person.run(() => window.store.getAll());
      return Object.entries(expected).every(
        ([key, value]) => JSON.stringify(all[key]) === JSON.stringify(value),
      );
    });

  it(
    'values of every kind reach the other, and the writer is not called back (T01, T03, T04, T05)',
    proves(
      'Client.stores',
      'StoreManager.create',
      'StoreManager.stores',
      'Store.name',
      'Store.set',
      'Store.get',
      'Store.getAll',
      'Store.subscribe',
    ),
    async () => {
      const values = { text: 'a', number: 1.5, yes: true, list: [1, 'two'], map: { deep: { er: [] } } };
      await mary.run(async (all) => {
        for (const [key, value] of Object.entries(all)) await window.store.set(key, value);
      }, values);
      await holds(tom, values);
      expect(await tom.run(() => window.store.get('map'))).toEqual(values.map);
      expect(await tom.run(() => window.changes)).toEqual(
        Object.entries(values).map(([key, value]) => ({ [key]: value })),
      );
      expect(await mary.run(() => window.changes)).toEqual([]);
      expect(await mary.run(() => [...window.meeting.stores.stores.keys()])).toContain('board');
      expect(await mary.run(() => window.meeting.stores.stores.get('board')?.name)).toBe('board');
    },
  );

  it(
    'update merges objects and appends to lists; set takes the place (T02)',
    proves('Store.update'),
    async () => {
      await mary.run(async () => {
        await window.store.set('merged', { a: 1, b: 1 });
        await window.store.set('appended', ['a', 'b']);
      });
      await holds(tom, { merged: { a: 1, b: 1 }, appended: ['a', 'b'] });
      await tom.run(async () => {
        await window.store.update('merged', { b: 2 });
        await window.store.update('appended', ['c']);
      });
      await holds(mary, { merged: { a: 1, b: 2 }, appended: ['a', 'b', 'c'] });
      await mary.run(() => window.store.set('merged', { c: 3 }));
      await holds(tom, { merged: { c: 3 } });
    },
  );

  it(
    'many keys are set and deleted in one message each (T02)',
    proves('Store.bulkSet', 'Store.bulkDelete', 'Store.delete'),
    async () => {
      await mary.run(() =>
        window.store.bulkSet([
          { key: 'one', payload: 1 },
          { key: 'two', payload: 2 },
          { key: 'three', payload: 3 },
        ]),
      );
      await holds(tom, { one: 1, two: 2, three: 3 });
      const inserts = tom.socket
        .received(StoreEvent.storeInsertKeys)
        .filter(({ storeItems }) => storeItems.some(({ storeKey }) => storeKey === 'one'));
      expect(inserts.map(({ storeItems }) => storeItems.length)).toEqual([3]);

      await mary.run(() => window.store.bulkDelete([{ key: 'one' }, { key: 'two' }]));
      await mary.run(() => window.store.delete('three'));
      await until('the keys are gone', async () => {
        const all = await tom.run(() => window.store.getAll());
        return ['one', 'two', 'three'].every((key) => all[key] === undefined);
      });
    },
  );

  it(
    'a subscriber of one key hears of no other, and of nothing after unsubscribe (T05)',
    proves('Store.unsubscribe'),
    async () => {
      await tom.run(() => {
        const heard: unknown[] = [];
        Object.assign(window, { heard });
        window.store.subscribe('watched', (change) => heard.push(change));
      });
      const write = (key: string, value: number) =>
        mary.run(({ key, value }) => window.store.set(key, value), { key, value });
      await write('unwatched', 1);
      await write('watched', 1);
      await holds(tom, { watched: 1 });
      await tom.run(() => window.store.unsubscribe('watched'));
      await write('watched', 2);
      await holds(tom, { watched: 2 });
      expect(await tom.run(() => (window as unknown as { heard: unknown[] }).heard)).toEqual([
        { watched: 1 },
      ]);
    },
  );

  it('who comes later, or again, finds everything in the order of its making (T06)', async () => {
    await mary.run(async () => {
      for (const key of ['z', 'a', 'm']) await window.store.set(`order-${key}`, key);
    });
    const late = await stage.enter(meeting, 'Lee', 'group_call_participant', WITHOUT_DEVICES);
    await late.run(openStore, 'board');
    await holds(late, { 'order-z': 'z', 'order-a': 'a', 'order-m': 'm' });
    const keys = await late.run(() => Object.keys(window.store.getAll()));
    expect(keys.filter((key) => key.startsWith('order-'))).toEqual(['order-z', 'order-a', 'order-m']);
    await late.close();
  });

  it(
    'refresh fetches what was missed (S07)',
    proves('StoreManager.refresh', 'Store.clear', 'Store.populate'),
    async () => {
      await mary.run(() => window.store.set('missed', 1));
      await holds(tom, { missed: 1 });
      // Both are calls of the SDK upon itself: what the page knows is thrown away, and something else put in.
      await tom.run(() => window.store.clear());
      expect(await tom.run(() => window.store.getAll())).toEqual({});
      await tom.run(() => window.store.populate({ missed: 'made up' }));
      await tom.run(async () => {
        window.store = await window.meeting.stores.refresh('board');
      });
      await holds(tom, { missed: 1 });
    },
  );

  it(
    'the name of the plugins is not for apps (S01), and more than five writes in a second are stopped (T07, S41)',
    proves(
      'Store.rateLimitConfig',
      'Store.rateLimits',
      'Store.updateRateLimits',
      'Store.bulkRateLimitConfig',
      'Store.bulkRateLimits',
      'Store.updateBulkRateLimits',
    ),
    async () => {
      expect(await mary.attempt(() => window.meeting.stores.create('__rtk_plugins__'))).toMatchObject({
        ok: false,
        code: '0601',
      });
      const limits = await mary.run(async () => {
        const store = await window.meeting.stores.create('limited');
        return [store.rateLimits, store.bulkRateLimits, store.rateLimitConfig, store.bulkRateLimitConfig];
      });
      expect(limits).toEqual(Array(4).fill({ maxInvocations: 5, period: 1 }));
      const sixth = await mary.attempt(async () => {
        const store = window.meeting.stores.stores.get('limited')!;
        for (let count = 1; count <= 6; count++) await store.set('key', count);
      });
      expect(sixth).toMatchObject({ ok: false, code: '0013' });
    },
  );

  it('a new session begins with empty stores (T06)', async () => {
    await mary.run(() => window.meeting.participants.kickAll());
    await mary.sawEvent('self', 'roomLeft', { state: 'ended' });
    const again = await stage.enter(meeting, 'Mary', 'group_call_host', WITHOUT_DEVICES);
    await again.run(openStore, 'board');
    expect(await again.run(() => window.store.getAll())).toEqual({});
  });
});
