import { randomUUID } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import type { TransportDirection } from '../../src/rpc.js';
import type { TestWorker } from './worker.js';

declare global {
  interface Window {
    connection: RTCPeerConnection;
    answer(sdp: string): Promise<void>;
    offer(): Promise<string>;
  }
}

/** What the receiver's decoder says. */
export interface PictureStats {
  framesDecoded: number;
  width: number;
  freezes: number;
  nacks: number;
}

/** A page with one connection, used as the SDK uses its own; Chromium brings the real estimators and codecs. */
export class BrowserPeer {
  readonly transportId = randomUUID();

  private constructor(
    readonly page: Page,
    private readonly worker: TestWorker,
    private readonly redirect: (sdp: string) => string,
  ) {}

  static async connect(
    browser: Browser,
    worker: TestWorker,
    who: { roomId: string; peerId: string; direction: TransportDirection },
    redirect: (sdp: string) => string = (sdp) => sdp,
  ): Promise<BrowserPeer> {
    const peer = new BrowserPeer(await browser.newPage(), worker, redirect);
    const offer = await peer.page.evaluate(async () => {
      window.connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
      window.offer = async () => {
        const description = await window.connection.createOffer();
        await window.connection.setLocalDescription(description);
        return description.sdp ?? '';
      };
      window.answer = (sdp) => window.connection.setRemoteDescription({ type: 'answer', sdp });
      for (const kind of ['audio', 'video'])
        window.connection.addTransceiver(kind, { direction: 'sendonly' });
      return window.offer();
    });
    const { transportId } = peer;
    const { answer } = await worker.request('createTransport', { transportId, ...who, offer });
    await peer.page.evaluate(async (sdp) => {
      await window.answer(sdp);
      await new Promise<void>((resolve) => {
        const look = () => {
          if (window.connection.connectionState === 'connected') resolve();
        };
        window.connection.addEventListener('connectionstatechange', look);
        look();
      });
    }, peer.redirect(answer));
    return peer;
  }

  /** A moving 1280x720 picture in three layers. */
  async produceCamera(): Promise<string> {
    const { mid, offer } = await this.page.evaluate(async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
      const context = canvas.getContext('2d')!;
      let frame = 0;
      setInterval(() => {
        frame += 1;
        for (let box = 0; box < 40; box += 1) {
          context.fillStyle = `hsl(${(frame * 7 + box * 31) % 360} 80% 50%)`;
          context.fillRect((box * 97 + frame * 11) % 1280, (box * 53 + frame * 5) % 720, 160, 90);
        }
      }, 50);
      const [track] = canvas.captureStream(20).getVideoTracks();
      const transceiver = window.connection.addTransceiver(track!, {
        direction: 'sendonly',
        sendEncodings: [
          { rid: 'f', maxBitrate: 1_200_000 },
          { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
          { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
        ],
      });
      const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
      transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType === 'video/VP8'));
      const sdp = await window.offer();
      return { mid: transceiver.mid ?? '', offer: sdp };
    });
    const producerId = randomUUID();
    const { transportId } = this;
    const request = { transportId, producerId, kind: 'video', mid, screenShare: false, offer } as const;
    const { answer } = await this.worker.request('produce', request);
    await this.page.evaluate((sdp) => window.answer(sdp), answer);
    return producerId;
  }

  async consume(producerId: string): Promise<void> {
    const { transportId } = this;
    const { offer } = await this.worker.request('consume', { transportId, requests: [{ producerId }] });
    const answer = await this.page.evaluate(
      async (sdp) => {
        await window.connection.setRemoteDescription({ type: 'offer', sdp });
        const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true });
        const receiver = window.connection.getTransceivers().at(-1)!.receiver;
        video.srcObject = new MediaStream([receiver.track]);
        document.body.append(video);
        const description = await window.connection.createAnswer();
        await window.connection.setLocalDescription(description);
        return description.sdp ?? '';
      },
      this.redirect(offer ?? ''),
    );
    await this.worker.request('renegotiate', { transportId, answer });
  }

  picture(): Promise<PictureStats> {
    return this.page.evaluate(async () => {
      const report = await window.connection.getStats();
      const stats = { framesDecoded: 0, width: 0, freezes: 0, nacks: 0 };
      report.forEach((entry) => {
        if (entry.type !== 'inbound-rtp' || entry.kind !== 'video') return;
        stats.framesDecoded = entry.framesDecoded ?? 0;
        stats.width = entry.frameWidth ?? 0;
        stats.freezes = entry.freezeCount ?? 0;
        stats.nacks = entry.nackCount ?? 0;
      });
      return stats;
    });
  }
}
