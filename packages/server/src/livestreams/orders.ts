import type { RecordOrder } from '@parley/recorder';
import { OWN_PAGE_STARTS_WITHIN_MS, type RecorderLaunches } from '../recorders/launches.js';
import type { RecorderLaunch } from '../recorders/recorder-process.js';
import type { LivestreamDisk } from './disk.js';
import type { LivestreamOrder } from './order.js';
import type { LivestreamRun } from './runs.js';

/** As often as the recorder makes key frames: nothing can be shorter. */
export const SEGMENT_SECONDS = 2;

/** What the recorders of livestreams are started with; they keep no file. */
export class LivestreamOrders {
  constructor(
    private readonly launches: RecorderLaunches,
    private readonly disk: LivestreamDisk,
    private readonly windowSeconds: number,
  ) {}

  async recorderFor(run: LivestreamRun): Promise<RecorderLaunch> {
    const { livestreamerId, video } = run.livestream_order as LivestreamOrder;
    const tools = await this.launches.requireTools();
    await this.disk.prepare(run.id, { goesOn: run.started_at !== null });
    const who = { appId: run.app_id, meetingId: run.meeting_id, participantId: livestreamerId! };
    const order: RecordOrder = {
      kind: 'record',
      recordingId: run.id,
      pageUrl: await this.launches.pageUrl(who, { video_config: video }),
      folder: this.disk.workFolder(run.id),
      fileName: `${run.name ?? 'livestream'}_${run.id}`,
      output: {
        video: { codec: 'H264', ...video, exportFile: false },
        audio: { codec: 'AAC', channel: 'stereo', exportFile: false },
      },
      rtmpUrls: [],
      hls: {
        folder: this.disk.hlsFolder(run.id),
        segmentSeconds: SEGMENT_SECONDS,
        windowSegments: Math.ceil(this.windowSeconds / SEGMENT_SECONDS),
      },
      ...(await this.launches.trusted()),
      startWithinMs: OWN_PAGE_STARTS_WITHIN_MS,
      ...(tools && { tools }),
    };
    return this.launches.launch(order);
  }
}
