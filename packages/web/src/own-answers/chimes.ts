const SAMPLE_RATE_HZ = 22_050;
const WAV_HEADER_BYTES = 44;
const BYTES_PER_SAMPLE = 2;

interface Note {
  frequencyHz: number;
  startMs: number;
  durationMs: number;
}

/** Two rising notes: somebody came in. */
export function joinChime(): Blob {
  return wav([
    { frequencyHz: 523.25, startMs: 0, durationMs: 260 },
    { frequencyHz: 783.99, startMs: 110, durationMs: 420 },
  ]);
}

/** One short, high note: somebody wrote. */
export function messageChime(): Blob {
  return wav([{ frequencyHz: 987.77, startMs: 0, durationMs: 240 }]);
}

/** A scale long enough to walk to the loudspeaker. */
export function speakerTestTune(): Blob {
  const scaleHz = [261.63, 293.66, 329.63, 349.23, 392.0, 440.0, 493.88, 523.25];
  return wav(scaleHz.map((frequencyHz, step) => ({ frequencyHz, startMs: step * 260, durationMs: 380 })));
}

/** A mono 16-bit WAV file of decaying sine notes. */
function wav(notes: Note[]): Blob {
  const totalMs = Math.max(...notes.map(({ startMs, durationMs }) => startMs + durationMs));
  const sampleCount = Math.ceil((totalMs / 1_000) * SAMPLE_RATE_HZ);
  const view = new DataView(new ArrayBuffer(WAV_HEADER_BYTES + sampleCount * BYTES_PER_SAMPLE));
  writeHeader(view, sampleCount);
  for (let sample = 0; sample < sampleCount; sample++) {
    const timeMs = (sample / SAMPLE_RATE_HZ) * 1_000;
    const level = notes.reduce((sum, note) => sum + loudness(note, timeMs), 0) / 2;
    const clipped = Math.max(-1, Math.min(1, level));
    view.setInt16(WAV_HEADER_BYTES + sample * BYTES_PER_SAMPLE, Math.round(clipped * 32_767), true);
  }
  return new Blob([view.buffer as ArrayBuffer], { type: 'audio/wav' });
}

function loudness({ frequencyHz, startMs, durationMs }: Note, timeMs: number): number {
  const elapsedMs = timeMs - startMs;
  if (elapsedMs < 0 || elapsedMs > durationMs) return 0;
  const attack = Math.min(1, elapsedMs / 8);
  const decay = (1 - elapsedMs / durationMs) ** 2;
  return attack * decay * Math.sin((2 * Math.PI * frequencyHz * elapsedMs) / 1_000);
}

function writeHeader(view: DataView, sampleCount: number): void {
  const dataBytes = sampleCount * BYTES_PER_SAMPLE;
  const text = (offset: number, value: string) => {
    for (let index = 0; index < value.length; index++) view.setUint8(offset + index, value.charCodeAt(index));
  };
  text(0, 'RIFF');
  view.setUint32(4, 36 + dataBytes, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, SAMPLE_RATE_HZ, true);
  view.setUint32(28, SAMPLE_RATE_HZ * BYTES_PER_SAMPLE, true);
  view.setUint16(32, BYTES_PER_SAMPLE, true);
  view.setUint16(34, BYTES_PER_SAMPLE * 8, true);
  text(36, 'data');
  view.setUint32(40, dataBytes, true);
}
