import { hostNameOf } from '../config/sdk-hosts.js';
import type { Settings } from '../config/settings.js';
import type { Installation } from './installation.js';

export interface GreetingOptions {
  settings: Settings;
  installation: Installation;
  /** A participant token for each link of the demo meeting; empty when that is gone. */
  demoTokens: { role: string; token: string }[];
  /** Path of the local certificate authority; null with a certificate of one's own. */
  authorityPath: string | null;
}

/** What a start tells the person in front of the terminal. */
export function greeting({ settings, installation, demoTokens, authorityPath }: GreetingOptions): string {
  const name = hostNameOf(settings.baseDomain);
  const secure = `https://${settings.baseDomain}`;
  const plain = `http://${name}:${settings.httpPort}`;
  const lines = ['', 'Parley is ready.', ''];
  for (const { role, token } of demoTokens) {
    lines.push(`  Demo meeting, ${role}:`);
    // With a certificate of our own making the plain link is the one that works with nothing to accept.
    const origins = authorityPath ? [plain, secure] : [secure, plain];
    lines.push(...origins.map((origin) => `    ${origin}/meet?authToken=${token}`));
  }
  lines.push(
    '',
    `  SDK baseURI     ${settings.baseDomain}`,
    `  REST baseURL    ${plain}/client/v4`,
    `  Account id      ${installation.accountId}`,
    `  App id          ${installation.appId}`,
  );
  if (installation.newApiToken) {
    lines.push(`  API token       ${installation.newApiToken}`, '                  (shown only this once)');
  } else if (!settings.apiToken) {
    lines.push('  API token       parley token create --permission "Realtime Admin"');
  }
  if (authorityPath) lines.push(`  Trust this CA   ${authorityPath}`);
  lines.push('');
  if (settings.webhookAllowPrivate) {
    lines.push(
      '  Webhooks may call addresses of this machine and its network (PARLEY_WEBHOOK_ALLOW_PRIVATE=1).',
      '',
    );
  }
  return lines.join('\n');
}
