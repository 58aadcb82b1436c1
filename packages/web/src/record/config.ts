/** Where the image lies over the picture; `size` in pixels of the recording (features.md RC24). */
export interface Watermark {
  url: string;
  position: (typeof POSITIONS)[number];
  size: { width?: number; height?: number };
}

export interface RecordConfig {
  watermark?: Watermark;
}

const POSITIONS = ['left top', 'right top', 'left bottom', 'right bottom'] as const;

interface SentConfig {
  video_config?: { watermark?: { url?: string; position?: string; size?: Watermark['size'] } };
}

/** What the start call asked of the recording app, as the server put it into the `config` parameter (RC37). */
export function readConfig(parameter: string | null): RecordConfig {
  const watermark = parse(parameter ?? '').video_config?.watermark;
  if (!watermark?.url) return {};
  const position = POSITIONS.find((name) => name === watermark.position) ?? 'left top';
  return { watermark: { url: watermark.url, position, size: watermark.size ?? {} } };
}

/** Without options that it understands the page records all the same. */
function parse(text: string): SentConfig {
  try {
    return (JSON.parse(text) as SentConfig | null) ?? {};
  } catch {
    return {};
  }
}
