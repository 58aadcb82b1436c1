import type { Command } from '@parley/core';
import { MediaEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { call } from '../support/call.js';
import { Meeting } from '../support/meeting.js';
import { guest } from '../support/presets.js';

describe('active speakers', () => {
  const rank = (...peerIds: string[]): Command => ({ type: 'RankSpeakers', peerIds });

  it('are told with their places to all whose media join is complete (V04, V05)', () => {
    const meeting = call();
    meeting.join('cleo');
    const told = meeting.do(rank('ben', 'anna'));
    expect(told.receivers(MediaEvent.selectedPeerDiff)).toEqual(['host', 'anna', 'ben']);
    expect(told.message(MediaEvent.selectedPeerDiff).entries).toEqual([
      { peerId: 'ben', priority: 1 },
      { peerId: 'anna', priority: 2 },
    ]);
  });

  it('are told only when the order changes (V05)', () => {
    const meeting = call();
    meeting.do(rank('ben', 'anna'));
    expect(meeting.eventsOf(rank('ben', 'anna'))).toEqual([]);
    expect(meeting.eventsOf(rank('anna', 'ben'))).toHaveLength(1);
  });

  it('pass over the unknown, the gone, the hidden and the doubled', () => {
    const meeting = call();
    meeting.join('ghost', guest({ hidden_participant: true }));
    meeting.do(rank('nobody', 'ghost', 'ben', 'ben', 'anna'));
    expect(meeting.session.speakers).toEqual(['ben', 'anna']);
  });

  it('keep their places in a silence, for which the wire has no word (protocol.md 6.8)', () => {
    const meeting = call();
    meeting.do(rank('ben'));
    expect(meeting.eventsOf(rank())).toEqual([]);
    expect(meeting.session.speakers).toEqual(['ben']);
  });

  it('are at most twelve', () => {
    const meeting = call();
    const peerIds = Array.from({ length: 20 }, (_, i) => `p${i}`);
    for (const peerId of peerIds) meeting.join(peerId);
    meeting.do(rank(...peerIds));
    expect(meeting.session.speakers).toEqual(peerIds.slice(0, 12));
  });

  it('do not exist without a session', () => {
    expect(new Meeting().eventsOf(rank('anna'))).toEqual([]);
  });
});
