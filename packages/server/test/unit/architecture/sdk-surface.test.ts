import { describe, expect, it } from 'vitest';
import { readProofs, readReasons } from '../../../../../scripts/sdk-proofs.mjs';
import { readSdkSurface } from '../../../../../scripts/sdk-surface.mjs';

const proofs = readProofs();
const reasons = readReasons();
const surface = readSdkSurface().map(({ id }) => id);

describe('the surface of the web SDK', () => {
  it('is read whole: classes, inherited members, accessors and events', () => {
    expect(surface.length).toBeGreaterThan(450);
    expect(surface).toEqual(
      expect.arrayContaining([
        'Client.join',
        'Participants.kickAll',
        'Participants:broadcastedMessage',
        'ParticipantMap:participantJoined',
        'ClientMap.toArray',
        'Self.setName',
        'SelfMedia:roomLeft',
        'Plugin:stateUpdate',
        'BasicParticipantsMap:participantsUpdate',
      ]),
    );
    expect(surface.filter((id) => /constructor|\$/.test(id))).toEqual([]);
  });

  it('has a proof or a reason for every item', () => {
    expect(surface.filter((id) => !proofs.has(id) && !reasons.has(id))).toEqual([]);
  });

  it('has nothing else that is named by tests or reasons, and no item with both', () => {
    const named = [...proofs.keys(), ...reasons.keys()];
    expect(named.filter((id) => !surface.includes(id))).toEqual([]);
    expect([...reasons.keys()].filter((id) => proofs.has(id))).toEqual([]);
  });
});
