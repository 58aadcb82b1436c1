import { type Command, isDurable, type PermissionsPatch, patchFromWire } from '@parley/core';
import { PresetEvent } from '@parley/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Meeting, participantOf } from '../support/meeting.js';
import { guest, host } from '../support/presets.js';

/** Any UTF-16, halves of surrogate pairs and NUL included. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\0', '\ud83d', '\udc4f', '😀', 'a', ' ', '"', '\\', '\n'),
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  ),
});

const UNSTORABLE = /[\0\p{Surrogate}]/u;

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [key, ...texts(child)]);
}

describe('whatever text clients send', () => {
  const someCommand: fc.Arbitrary<Command> = fc.oneof(
    fc.record({
      type: fc.constant('SendChat' as const),
      by: fc.constant('anna'),
      messageId: fc.constant('m'),
      payloadType: fc.integer({ min: 0, max: 4 }),
      payload: fc.oneof(
        anyText,
        anyText.map((message) => JSON.stringify({ message })),
        anyText.map((path) => `https://example.org/${path}`),
      ),
      toPeerIds: fc.option(fc.constant<string[]>(['host'])),
    }),
    fc.record({
      type: fc.constant('EditChat' as const),
      by: fc.constant('anna'),
      messageId: fc.constant('first'),
      payload: anyText,
    }),
    fc.record({
      type: fc.constant('CreatePoll' as const),
      by: fc.constant('anna'),
      pollId: fc.constant('p'),
      question: anyText,
      options: fc.array(anyText, { maxLength: 4 }),
      anonymous: fc.boolean(),
      hideVotes: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('SetStoreItems' as const),
      by: fc.constant('anna'),
      store: anyText,
      items: fc.array(
        fc.record({
          key: anyText,
          payload: fc.oneof(
            anyText,
            anyText.map((text) => JSON.stringify(text)),
          ),
        }),
        { maxLength: 3 },
      ),
    }),
    anyText.map((displayName) => new Meeting().joinCommand('ben', guest(), { displayName })),
  );

  it('the log can keep it: no NUL and no half of a surrogate pair gets into it', () => {
    fc.assert(
      fc.property(someCommand, (command) => {
        const meeting = new Meeting();
        meeting.join('host', host());
        meeting.join('anna');
        const first = { type: 'SendChat' as const, by: 'anna', messageId: 'first', payloadType: 0 };
        meeting.do({ ...first, payload: 'hi', toPeerIds: null });
        for (const event of meeting.eventsOf(command)) {
          if (!isDurable(event)) continue;
          for (const text of texts(event)) expect(text).not.toMatch(UNSTORABLE);
          expect(JSON.parse(JSON.stringify(event))).toEqual(event);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('any change of permissions', () => {
  const flag = fc.boolean();
  const produce = fc.record(
    { can_produce: fc.constantFrom('ALLOWED' as const, 'NOT_ALLOWED' as const, 'CAN_REQUEST' as const) },
    { requiredKeys: ['can_produce'] },
  );
  const somePatch: fc.Arbitrary<PermissionsPatch> = fc
    .record(
      {
        kick_participant: flag,
        pin_participant: flag,
        accept_waiting_requests: flag,
        waiting_room_type: fc.constantFrom('SKIP' as const, 'SKIP_ON_ACCEPT' as const),
        polls: fc.record(
          { can_create: flag, can_vote: flag, can_view: flag },
          { requiredKeys: ['can_view'] },
        ),
        media: fc.record({ audio: produce, video: produce }, { requiredKeys: ['audio'] }),
        chat: fc.record(
          { public: fc.record({ can_send: flag, text: flag }, { requiredKeys: ['text'] }) },
          { requiredKeys: ['public'] },
        ),
      },
      { requiredKeys: [] },
    )
    .filter((patch) => Object.keys(patch).length > 0);

  it('comes to its client as it was made, and a later one changes only what it names', () => {
    fc.assert(
      fc.property(fc.array(somePatch, { minLength: 1, maxLength: 4 }), (patches) => {
        const meeting = new Meeting();
        const preset = guest();
        meeting.join('host', host());
        meeting.join('anna', preset);
        for (const patch of patches) {
          const before = meeting.peer('anna').permissions;
          const changes = [{ participantId: participantOf('anna'), patch }];
          const told = meeting.do({ type: 'ChangePermissions', by: 'host', changes });
          const [update] = told.message(PresetEvent.updateUserPreset).updatePeersPresets;
          expect(patchFromWire(update!.patch!)).toEqual(patch);
          const after = meeting.peer('anna').permissions;
          expect(after).toMatchObject(patch);
          expect({ ...after, ...pick(before, patch) }).toEqual(before);
        }
        expect(preset).toEqual(guest());
        const { permissions } = meeting.peer('anna');
        meeting.leave('anna');
        meeting.join('anna', guest({ waiting_room_type: 'SKIP' }));
        const back = meeting.state.session?.peers.get('anna');
        if (back) expect(back.permissions).toEqual(permissions);
      }),
      { numRuns: 200 },
    );
  });

  /** The fields of `from` that the patch names. */
  const pick = (from: object, patch: object) =>
    Object.fromEntries(Object.entries(from).filter(([key]) => key in patch));
});
