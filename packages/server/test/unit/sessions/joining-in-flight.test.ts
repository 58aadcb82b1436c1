import pino from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../../src/http/errors.js';
import type { MeetingId } from '../../../src/ids.js';
import type { MediaPool } from '../../../src/media/media-pool.js';
import type { Journal } from '../../../src/sessions/journal.js';
import { MeetingHost } from '../../../src/sessions/meeting-host.js';
import type { Admission } from '../../../src/sessions/meeting-info.js';
import { admission, noFamily, nothingRecorded, nothingStreamed } from './fakes.js';

const MEETING = '813432c7-3c5a-45e2-9acf-eef7061c7584' as MeetingId;
const blocked = () => new ApiError(403, 'The participant is blocked', undefined, 'participant_blocked');

let host: MeetingHost;
const newHost = () =>
  new MeetingHost(MEETING, {
    clock: { now: () => new Date() },
    log: pino({ level: 'silent' }),
    journal: {} as Journal,
    mediaPool: {} as MediaPool,
    reconnectGraceMs: 1000,
    family: noFamily,
    recordings: nothingRecorded,
    livestreams: nothingStreamed,
    onIdle: () => {},
    onLost: () => {},
  });
afterEach(() => host.close(1000, 'the test is over'));

describe('a join on its way', () => {
  it('reads its admission again when who may come in has changed since', async () => {
    host = newHost();
    const admit = vi
      .fn<() => Promise<Admission>>()
      .mockImplementationOnce(async () => {
        host.voidAdmissions();
        return admission;
      })
      .mockRejectedValueOnce(blocked());
    const joining = host.join(admit, () => ({ peerId: 'tom' }) as never, {
      peerId: 'tom',
      requestId: undefined,
    });
    await expect(joining).rejects.toMatchObject({ reason: 'participant_blocked' });
    expect(admit).toHaveBeenCalledTimes(2);
    expect(host.state.session).toBeNull();
  });
});
