import type RealtimeKitClient from '@cloudflare/realtimekit';
import { createDefaultConfig, type UIConfig } from '@cloudflare/realtimekit-ui';

/** Inter is the kit's default face and comes with the page; any other falls back to the system's. */
const FONT_FAMILY = 'Inter, system-ui, sans-serif';

/** The kit's defaults without the font that it would ask Google for; used until the preset is known. */
export function ownDefaultConfig(): UIConfig {
  const config = createDefaultConfig();
  const { googleFont: _, ...designTokens } = config.designTokens ?? {};
  return { ...config, designTokens: { ...designTokens, fontFamily: FONT_FAMILY } };
}

/**
 * Colours, logo, spacing and borders stay the preset's. A `google_font` becomes a local font family: the kit
 * would otherwise add links that open a connection to Google, which no content security policy prevents.
 */
export function useLocalFont(meeting: RealtimeKitClient): void {
  const tokens = meeting.self.config.designTokens as typeof meeting.self.config.designTokens & {
    googleFont?: string;
    fontFamily?: string;
  };
  if (!tokens?.googleFont) return;
  tokens.fontFamily = `'${tokens.googleFont.replaceAll(/['\\]/g, '')}', ${FONT_FAMILY}`;
  delete tokens.googleFont;
}
