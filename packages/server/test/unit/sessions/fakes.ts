import { randomUUID } from 'node:crypto';
import type { Identity, Permissions } from '@parley/core';
import { CloseCode, decodeFrame } from '@parley/wire';
import { vi } from 'vitest';
import type { MeetingId, ParticipantId, PeerId } from '../../../src/ids.js';
import { defaultPresets } from '../../../src/presets/defaults.js';
import type { Changes } from '../../../src/sessions/changes.js';
import type { FamilyLink } from '../../../src/sessions/connected/family-link.js';
import type { PeerConnection } from '../../../src/sessions/connection.js';
import type { SessionLivestreams, SessionRecordings } from '../../../src/sessions/meeting-host.js';
import type { Admission } from '../../../src/sessions/meeting-info.js';

/** What stands around a meeting's host, without database, sockets and media. */

export const MEETING = '813432c7-3c5a-45e2-9acf-eef7061c7584' as MeetingId;
export const KEEP_ALIVE_SECS = 60;

/** A database that says yes, or what a test wants. */
export class FakeJournal {
  readonly written: Changes[] = [];
  commit = vi.fn(async (changes: Changes): Promise<void> => void this.written.push(changes));
}

export class FakeConnection implements PeerConnection {
  readonly participantId = randomUUID() as ParticipantId;
  readonly events: number[] = [];
  closedWith: number | null = null;

  constructor(readonly peerId = randomUUID() as PeerId) {}

  send(frame: Uint8Array): void {
    this.events.push(decodeFrame(frame).event);
  }
  tellOfTrack(frame: Uint8Array): void {
    this.send(frame);
  }
  keepTrackNews(): void {}
  releaseTrackNews(): void {}
  close(code: number): void {
    this.closedWith ??= code;
  }
  dismiss(): void {
    this.close(CloseCode.normal);
  }
  transfer(frame: Uint8Array): void {
    this.send(frame);
  }
}

/** A meeting without connected meetings. */
export const noFamily: FamilyLink = {
  load: async () => {},
  isHeldOpen: () => false,
  participantsInRooms: () => 0,
  isInRooms: () => false,
  limitsOf: ({ meeting }) => meeting?.limits ?? null,
  committed: () => {},
  transfer: () => {},
};

/** For meetings that nobody records. */
export const nothingRecorded: SessionRecordings = {
  emptyMs: 60_000,
  onStart: () => {
    throw new Error('No meeting of this test is recorded.');
  },
  changed: () => {},
  tracks: {
    folderOf: () => '',
    closing: () => {},
    lastWriteMs: async () => null,
    noteGap: () => {},
    discard: () => {},
  },
};

/** For meetings that nobody watches from outside. */
export const nothingStreamed: SessionLivestreams = {
  onStart: async () => {
    throw new Error('No meeting of this test is livestreamed.');
  },
  changed: () => {},
};

export const admission = {
  meeting: {
    meetingId: MEETING,
    mainMeetingId: null,
    appName: 'App',
    title: 'Weekly',
    status: 'ACTIVE',
    keepAliveSecs: KEEP_ALIVE_SECS,
    persistChat: false,
    locked: false,
    maxParticipants: null,
    limits: { maxSessionMs: null, endsAt: null },
    recordOnStart: null as object | null,
  },
  movedIn: null,
} as Admission;

export function identityOf({ peerId, participantId }: PeerConnection): Identity {
  const preset = defaultPresets.find(({ name }) => name === 'group_call_host')!;
  return {
    peerId,
    participantId,
    customParticipantId: 'custom',
    displayName: 'Mary',
    picture: null,
    preset: {
      id: randomUUID(),
      name: preset.name,
      viewType: 'GROUP_CALL',
      maxScreenshareCount: 1,
      permissions: preset.permissions as Permissions,
    },
  };
}
