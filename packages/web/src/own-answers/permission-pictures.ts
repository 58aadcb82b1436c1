/** The three steps that the kit shows in Chrome after camera or microphone were refused. */
export type PermissionStep = 'blocked' | 'allow' | 'done';

/**
 * A drawing of the browser's address bar. The kit puts the page's host in place of `yoursite.com`. Styles are
 * attributes, because the drawing lands in a page whose policy is strict.
 */
export function permissionPicture(step: PermissionStep): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 180" role="img">
  <rect width="320" height="180" rx="8" fill="#f1f3f4"/>
  <rect x="12" y="14" width="296" height="32" rx="16" fill="#ffffff"/>
  <circle cx="32" cy="30" r="7" fill="none" stroke="${step === 'done' ? '#188038' : '#5f6368'}" stroke-width="2"/>
  <text x="50" y="35" font-family="sans-serif" font-size="13" fill="#202124">yoursite.com</text>
  ${PANELS[step]}
</svg>`;
}

const PANELS: Record<PermissionStep, string> = {
  blocked: `<path d="M32 44v22" stroke="#d93025" stroke-width="3"/><path d="m25 58 7 9 7-9" fill="none" stroke="#d93025" stroke-width="3"/>
  <text x="24" y="92" font-family="sans-serif" font-size="13" fill="#202124">Click the icon before the address.</text>`,
  allow: `<rect x="24" y="60" width="220" height="96" rx="8" fill="#ffffff"/>
  <text x="40" y="88" font-family="sans-serif" font-size="13" fill="#202124">Camera</text><rect x="196" y="78" width="28" height="14" rx="7" fill="#1a73e8"/><circle cx="217" cy="85" r="5" fill="#ffffff"/>
  <text x="40" y="120" font-family="sans-serif" font-size="13" fill="#202124">Microphone</text><rect x="196" y="110" width="28" height="14" rx="7" fill="#1a73e8"/><circle cx="217" cy="117" r="5" fill="#ffffff"/>
  <text x="40" y="146" font-family="sans-serif" font-size="12" fill="#5f6368">Switch both on.</text>`,
  done: `<text x="24" y="92" font-family="sans-serif" font-size="13" fill="#202124">Reload the page to join again.</text>`,
};
