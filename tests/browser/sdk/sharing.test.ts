import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppPlugin } from '../../support/browser-in-page.js';
import { type Person, type Stage, setUpStage, WITHOUT_DEVICES } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { serverIsBuilt } from '../../support/parley-process.js';
import { proves } from '../../support/proves.js';
import { RawSocket } from '../../support/raw-socket.js';
import { until } from '../../support/until.js';

/** More sockets of one participant are refused. */
const CONNECTIONS_OF_ONE_MAX = 20;
const BOARD: AppPlugin = { id: 'board', canActivate: true, canDeactivate: false };

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)(
  'plugins and broadcasts with the official SDK',
  () => {
    let stage: Stage;
    let meeting: string;
    let mary: Person;
    let tom: Person;
    let ann: Person;

    beforeAll(async () => {
      stage = await setUpStage();
      meeting = await stage.backend.newMeeting();
      const options = { ...WITHOUT_DEVICES, plugins: [BOARD] };
      [mary, tom, ann] = await Promise.all([
        stage.enter(meeting, 'Mary', 'group_call_host', options),
        stage.enter(meeting, 'Tom', 'group_call_participant', options),
        stage.enter(meeting, 'Ann', 'group_call_participant', options),
      ]);
      const everybody = [mary, tom, ann];
      for (const person of everybody) {
        await until('all see each other', async () => (await person.joinedIds()).length === 2);
      }
    });
    afterAll(() => stage?.dispose());

    const boardAt = (person: Person) =>
      person.run(() => {
        const plugin = window.meeting.plugins.all.toArray()[0]!;
        const { id, name, icon, active, enabledBy, permissions } = plugin;
        const isShown = plugin.component instanceof HTMLElement;
        return {
          id,
          name,
          icon,
          active,
          enabledBy,
          permissions,
          isShown,
          all: window.meeting.plugins.active.size,
        };
      });
    const boardIs = (person: Person, active: boolean) =>
      until(`the board is ${active ? 'on' : 'off'}`, async () => (await boardAt(person)).active === active);
    const press = (person: Person, action: 'activate' | 'deactivate') =>
      person.attempt((action) => window.meeting.plugins.all.toArray()[0]![action](), action);

    describe('plugins', () => {
      it(
        'what one switches on is on for all, and for who comes later (U01, U02, U03, U04)',
        proves(
          'Client.plugins',
          'Plugins.all',
          'Plugins.active',
          'Plugin.activate',
          'Plugin.active',
          'Plugin.component',
          'Plugin.enabledBy',
          'Plugin.icon',
          'Plugin.id',
          'Plugin.name',
          'Plugin.permissions',
          'Plugin:enabled',
          'Plugin:stateUpdate',
          'PluginMap:enabled',
          'PluginMap:stateUpdate',
          'ClientMap.toArray',
          'ClientMap.on',
        ),
        async () => {
          const id = `${meeting}:board`;
          expect(await boardAt(tom)).toMatchObject({ id, name: 'Plugin board', icon: '', active: false });
          expect(await press(tom, 'activate')).toEqual({ ok: true });
          for (const person of [mary, tom, ann]) {
            await boardIs(person, true);
            await person.sawEvent('plugins', 'enabled', { id });
            await person.sawEvent('plugins', 'stateUpdate', { pluginId: id, active: true });
          }
          expect(await boardAt(ann)).toMatchObject({
            enabledBy: await tom.peerId(),
            permissions: { canActivate: true, canDeactivate: false },
            isShown: true,
          });
          const late = await stage.enter(meeting, 'Lee', 'group_call_participant', {
            ...WITHOUT_DEVICES,
            plugins: [BOARD],
          });
          await boardIs(late, true);
          await late.close();
        },
      );

      it(
        'only who may, or who switched it on, switches it off (U04)',
        proves('Plugin.deactivate', 'Plugin:closed', 'PluginMap:closed'),
        async () => {
          await press(ann, 'deactivate');
          expect((await boardAt(ann)).active).toBe(true);
          await press(tom, 'deactivate');
          for (const person of [mary, tom, ann]) {
            await boardIs(person, false);
            await person.sawEvent('plugins', 'closed', { id: `${meeting}:board` });
          }
        },
      );

      it('they work although the first socket was refused: the SDK asks again (U08)', async () => {
        const late = await stage.arrive(meeting, 'Lou', 'group_call_participant');
        const url = `${stage.parley.httpUrl.replace('http', 'ws')}/ws`;
        const inTheWay = await Promise.all(
          Array.from({ length: CONNECTIONS_OF_ONE_MAX }, () => RawSocket.open(url, late.token)),
        );
        const initialized = late.init({ ...WITHOUT_DEVICES, plugins: [BOARD] });
        await until('the refusal', () => late.errors.some((text) => text.includes('response code: 429')));
        for (const socket of inTheWay) socket.drop();
        expect(await initialized).toEqual({ ok: true });
        await until('a socket', () => late.run(() => window.meeting.meta.socketState.state === 'connected'));
        expect(await late.join()).toEqual({ ok: true });
        expect(await press(late, 'activate')).toEqual({ ok: true });
        await boardIs(tom, true);
        await press(late, 'deactivate');
        await boardIs(tom, false);
        await late.close();
      });

      it('a plugin that two share counts the same at both (U06)', async () => {
        for (const person of [tom, ann]) {
          await person.run(async () => void (await window.meeting.stores.create('counter')));
        }
        const count = (person: Person) =>
          person.run(() => window.meeting.stores.stores.get('counter')!.get('count') as number | undefined);
        await tom.run(() => window.meeting.stores.stores.get('counter')!.set('count', 1));
        await until('Ann has 1', async () => (await count(ann)) === 1);
        await ann.run(() => {
          const counter = window.meeting.stores.stores.get('counter')!;
          return counter.set('count', counter.get('count') + 1);
        });
        await until('Tom has 2', async () => (await count(tom)) === 2);
      });
    });

    it(
      'what an engine of the backend has heard is shown to everybody, the last words in place of partial ones (A01, A02, R34)',
      proves('Client.ai', 'Ai.transcripts', 'Ai.getActiveTranscript', 'Ai:transcript'),
      async () => {
        const tomsPeer = await tom.peerId();
        await mary.run(
          (id) => window.meeting.participants.updatePermissions([id], { transcriptionEnabled: true }),
          tomsPeer,
        );
        const { client, accountId, appId } = stage.backend;
        const path = `/accounts/${accountId}/realtime/kit/${appId}/meetings/${meeting}/active-session/transcript`;
        const say = (text: string, is_partial: boolean) =>
          client.post(path, { body: { participant_id: tom.id, text, is_partial } });
        const transcriptsAt = (person: Person) =>
          person.run(() =>
            window.meeting.ai.transcripts.map(
              ({ name, peerId, userId, transcript, isPartialTranscript }) => ({
                name,
                peerId,
                userId,
                transcript,
                isPartialTranscript,
              }),
            ),
          );
        const line = { name: 'Tom', peerId: tomsPeer, userId: tom.id };
        await until('Tom is transcribed', () =>
          say('Good', true).then(
            () => true,
            () => false,
          ),
        );
        for (const person of [mary, tom, ann]) {
          await person.sawEvent('ai', 'transcript', {
            ...line,
            transcript: 'Good',
            isPartialTranscript: true,
          });
        }
        await say('Good "morning", all', false);
        for (const person of [mary, tom, ann]) {
          const said = { ...line, transcript: 'Good "morning", all', isPartialTranscript: false };
          await person.sawEvent('ai', 'transcript', said);
          expect(await transcriptsAt(person)).toEqual([said]);
        }
        // There is no list to begin with, and asking for it takes nothing away.
        await ann.run(() => window.meeting.ai.getActiveTranscript());
        expect(await transcriptsAt(ann)).toHaveLength(1);
      },
    );

    describe('broadcasts', () => {
      type Target = { participantIds: string[] } | { presetNames: string[] } | { meetingIds: string[] };
      const trySend = (who: Person, type: string, target?: Target) =>
        who.attempt(
          ({ type, target }) => window.meeting.participants.broadcastMessage(type, { from: type }, target),
          { type, target },
        );
      /** The SDK takes five in a second. */
      const send = (who: Person, type: string, target?: Target) =>
        until(`${type} is sent`, async () => (await trySend(who, type, target)).ok);
      const heard = async (who: Person, type: string) =>
        (await who.events()).filter(
          ({ name, details }) => name === 'broadcastedMessage' && (details as { type: string }).type === type,
        ).length;
      /** A later message to all has come, so one before it would have come as well. */
      const expectOnly = async (type: string, receivers: Person[]) => {
        await send(mary, `after ${type}`);
        for (const person of [mary, tom, ann]) {
          await until('the later message', async () => (await heard(person, `after ${type}`)) === 1);
          expect(await heard(person, type)).toBe(receivers.includes(person) ? 1 : 0);
        }
      };

      it(
        'without a target everybody gets it once, with every kind of value (T08, T09, T10)',
        proves('Participants.broadcastMessage', 'Participants:broadcastedMessage'),
        async () => {
          const payload = { text: 'a', number: 2, yes: true, tab: { type: 'plugin' as const, id: 'x' } };
          await mary.run(
            (payload) => window.meeting.participants.broadcastMessage('kinds', payload),
            payload,
          );
          for (const person of [mary, tom, ann]) {
            const { details } = await person.sawEvent('participants', 'broadcastedMessage', {
              type: 'kinds',
            });
            expect(details).toEqual({ type: 'kinds', payload, timestamp: expect.any(Number) });
          }
          await expectOnly('kinds', [mary, tom, ann]);
        },
      );

      it('each target reaches those it names and nobody else (T09)', async () => {
        await send(mary, 'to Ann', { participantIds: [await ann.peerId()] });
        await expectOnly('to Ann', [ann]);
        await send(mary, 'to guests', { presetNames: ['group_call_participant'] });
        await expectOnly('to guests', [tom, ann]);
        await send(tom, 'to the meeting', { meetingIds: [meeting] });
        await expectOnly('to the meeting', [mary, tom, ann]);
      });

      it(
        'the limit of the SDK can be changed; an empty type and the reserved one are refused (T08, T11, S41)',
        proves('Participants.rateLimitConfig', 'Participants.rateLimits', 'Participants.updateRateLimits'),
        async () => {
          expect(await trySend(ann, ' ')).toMatchObject({ ok: false, code: '1209' });
          expect(await trySend(ann, 'spotlight')).toMatchObject({ ok: false });
          const limits = await ann.run(() => {
            const { participants } = window.meeting;
            const before = [{ ...participants.rateLimits }, { ...participants.rateLimitConfig }];
            participants.updateRateLimits(1, 60);
            return [...before, participants.rateLimits];
          });
          expect(limits).toEqual([
            { maxInvocations: 5, period: 1 },
            { maxInvocations: 5, period: 1 },
            { maxInvocations: 1, period: 60 },
          ]);
          await trySend(ann, 'first');
          expect(await trySend(ann, 'second')).toMatchObject({ ok: false, code: '0013' });
        },
      );
    });
  },
);
